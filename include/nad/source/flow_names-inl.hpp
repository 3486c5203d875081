#pragma once

// The names under which tables of flows have the flow columns, without case, blanks and signs: "Tot Fwd Pkts" is
// "totfwdpkts". Beside plain words they are those of CICFlowMeter (all its spellings), UNSW-NB15, NetFlow data sets
// (IPV4_SRC_ADDR, IN_BYTES: "in" is from the source), NFStream and CIDDS.
//
// Left out because they say too little: "bytes" and "packets" (of which direction?), "bytes_in" and "bytes_out" (seen
// from which end?).

#include <array>

#include "nad/source/named_columns-inl.hpp"

namespace nad::detail {

inline constexpr std::array flow_names = {
    NamedColumn{"timestamp", "timestamp"},
    NamedColumn{"time", "timestamp"},
    NamedColumn{"ts", "timestamp"},
    NamedColumn{"datetime", "timestamp"},
    NamedColumn{"date", "timestamp"},
    NamedColumn{"starttime", "timestamp"},
    NamedColumn{"stime", "timestamp"},
    NamedColumn{"flowstart", "timestamp"},
    NamedColumn{"flowstarttime", "timestamp"},
    NamedColumn{"firstseen", "timestamp"},
    NamedColumn{"datefirstseen", "timestamp"},
    NamedColumn{"bidirectionalfirstseenms", "timestamp"},
    NamedColumn{"flowstartmilliseconds", "timestamp"},

    NamedColumn{"srcip", "src_ip"},
    NamedColumn{"sourceip", "src_ip"},
    NamedColumn{"src", "src_ip"},
    NamedColumn{"source", "src_ip"},
    NamedColumn{"saddr", "src_ip"},
    NamedColumn{"srcaddr", "src_ip"},
    NamedColumn{"srcaddress", "src_ip"},
    NamedColumn{"sourceaddress", "src_ip"},
    NamedColumn{"srcipaddr", "src_ip"},
    NamedColumn{"sourceipaddress", "src_ip"},
    NamedColumn{"ipsrc", "src_ip"},
    NamedColumn{"ipv4srcaddr", "src_ip"},

    NamedColumn{"dstip", "dst_ip"},
    NamedColumn{"destip", "dst_ip"},
    NamedColumn{"destinationip", "dst_ip"},
    NamedColumn{"dst", "dst_ip"},
    NamedColumn{"dest", "dst_ip"},
    NamedColumn{"destination", "dst_ip"},
    NamedColumn{"daddr", "dst_ip"},
    NamedColumn{"dstaddr", "dst_ip"},
    NamedColumn{"dstaddress", "dst_ip"},
    NamedColumn{"destinationaddress", "dst_ip"},
    NamedColumn{"dstipaddr", "dst_ip"},
    NamedColumn{"destinationipaddress", "dst_ip"},
    NamedColumn{"ipdst", "dst_ip"},
    NamedColumn{"ipv4dstaddr", "dst_ip"},

    NamedColumn{"srcport", "src_port"},
    NamedColumn{"sourceport", "src_port"},
    NamedColumn{"sport", "src_port"},
    NamedColumn{"srcpt", "src_port"},
    NamedColumn{"l4srcport", "src_port"},

    NamedColumn{"dstport", "dst_port"},
    NamedColumn{"destport", "dst_port"},
    NamedColumn{"destinationport", "dst_port"},
    NamedColumn{"dport", "dst_port"},
    NamedColumn{"dsport", "dst_port"},
    NamedColumn{"dstpt", "dst_port"},
    NamedColumn{"l4dstport", "dst_port"},

    NamedColumn{"srcmac", "src_mac"},
    NamedColumn{"sourcemac", "src_mac"},
    NamedColumn{"dstmac", "dst_mac"},
    NamedColumn{"destinationmac", "dst_mac"},

    NamedColumn{"protocol", "protocol"},
    NamedColumn{"proto", "protocol"},
    NamedColumn{"ipprotocol", "protocol"},
    NamedColumn{"transport", "protocol"},
    NamedColumn{"transportprotocol", "protocol"},

    NamedColumn{"service", "service"},
    NamedColumn{"application", "service"},
    NamedColumn{"applicationname", "service"},
    NamedColumn{"appproto", "service"},
    NamedColumn{"l7proto", "service"},

    NamedColumn{"duration", "duration"},
    NamedColumn{"dur", "duration"},
    NamedColumn{"flowduration", "duration"},
    NamedColumn{"durations", "duration"},
    NamedColumn{"durationsec", "duration"},
    NamedColumn{"durationseconds", "duration"},
    NamedColumn{"durationms", "duration"},
    NamedColumn{"durationus", "duration"},
    NamedColumn{"durationns", "duration"},
    NamedColumn{"flowdurations", "duration"},
    NamedColumn{"flowdurationms", "duration"},
    NamedColumn{"flowdurationus", "duration"},
    NamedColumn{"flowdurationmilliseconds", "duration"},
    NamedColumn{"flowdurationmicroseconds", "duration"},
    NamedColumn{"bidirectionaldurationms", "duration"},

    NamedColumn{"bytessent", "bytes_sent"},
    NamedColumn{"sentbytes", "bytes_sent"},
    NamedColumn{"srcbytes", "bytes_sent"},
    NamedColumn{"sbytes", "bytes_sent"},
    NamedColumn{"inbytes", "bytes_sent"},
    NamedColumn{"origbytes", "bytes_sent"},
    NamedColumn{"fwdbytes", "bytes_sent"},
    NamedColumn{"src2dstbytes", "bytes_sent"},
    NamedColumn{"bytestoserver", "bytes_sent"},
    NamedColumn{"totlenfwdpkts", "bytes_sent"},
    NamedColumn{"totallengthoffwdpacket", "bytes_sent"},
    NamedColumn{"totallengthoffwdpackets", "bytes_sent"},

    NamedColumn{"bytesreceived", "bytes_received"},
    NamedColumn{"bytesrecv", "bytes_received"},
    NamedColumn{"receivedbytes", "bytes_received"},
    NamedColumn{"dstbytes", "bytes_received"},
    NamedColumn{"dbytes", "bytes_received"},
    NamedColumn{"outbytes", "bytes_received"},
    NamedColumn{"respbytes", "bytes_received"},
    NamedColumn{"bwdbytes", "bytes_received"},
    NamedColumn{"dst2srcbytes", "bytes_received"},
    NamedColumn{"bytestoclient", "bytes_received"},
    NamedColumn{"totlenbwdpkts", "bytes_received"},
    NamedColumn{"totallengthofbwdpacket", "bytes_received"},
    NamedColumn{"totallengthofbwdpackets", "bytes_received"},

    NamedColumn{"ipbytessent", "ip_bytes_sent"},
    NamedColumn{"ipbytesreceived", "ip_bytes_received"},

    NamedColumn{"packetssent", "packets_sent"},
    NamedColumn{"pktssent", "packets_sent"},
    NamedColumn{"sentpackets", "packets_sent"},
    NamedColumn{"srcpackets", "packets_sent"},
    NamedColumn{"srcpkts", "packets_sent"},
    NamedColumn{"spkts", "packets_sent"},
    NamedColumn{"inpkts", "packets_sent"},
    NamedColumn{"origpkts", "packets_sent"},
    NamedColumn{"fwdpackets", "packets_sent"},
    NamedColumn{"fwdpkts", "packets_sent"},
    NamedColumn{"src2dstpackets", "packets_sent"},
    NamedColumn{"totfwdpkts", "packets_sent"},
    NamedColumn{"totalfwdpacket", "packets_sent"},
    NamedColumn{"totalfwdpackets", "packets_sent"},

    NamedColumn{"packetsreceived", "packets_received"},
    NamedColumn{"packetsrecv", "packets_received"},
    NamedColumn{"pktsreceived", "packets_received"},
    NamedColumn{"receivedpackets", "packets_received"},
    NamedColumn{"dstpackets", "packets_received"},
    NamedColumn{"dstpkts", "packets_received"},
    NamedColumn{"dpkts", "packets_received"},
    NamedColumn{"outpkts", "packets_received"},
    NamedColumn{"resppkts", "packets_received"},
    NamedColumn{"bwdpackets", "packets_received"},
    NamedColumn{"bwdpkts", "packets_received"},
    NamedColumn{"dst2srcpackets", "packets_received"},
    NamedColumn{"totbwdpkts", "packets_received"},
    NamedColumn{"totalbwdpacket", "packets_received"},
    NamedColumn{"totalbwdpackets", "packets_received"},
    NamedColumn{"totalbackwardpackets", "packets_received"},

    NamedColumn{"state", "state"},
    NamedColumn{"connstate", "state"},
    NamedColumn{"flowstate", "state"},
    NamedColumn{"history", "history"},
    NamedColumn{"flags", "flags"},
    NamedColumn{"flag", "flags"},
    NamedColumn{"tcpflags", "flags"},
    NamedColumn{"communityid", "community_id"},
    NamedColumn{"flowid", "flow_id"},
    NamedColumn{"uid", "uid"},

    NamedColumn{"label", "label"},
    NamedColumn{"class", "label"},
    NamedColumn{"isanomaly", "is_anomaly"},
    NamedColumn{"anomaly", "is_anomaly"},
    NamedColumn{"isattack", "is_anomaly"},
    NamedColumn{"ismalicious", "is_anomaly"},
    NamedColumn{"attackcat", "", ColumnType::category, Role::label},
    NamedColumn{"attack", "", ColumnType::category, Role::label},
    NamedColumn{"attacktype", "", ColumnType::category, Role::label},
    NamedColumn{"attackid", "", ColumnType::category, Role::label},
    NamedColumn{"attackdescription", "", ColumnType::category, Role::label},

    NamedColumn{"id", "", ColumnType::category, Role::identifier},
    NamedColumn{"ltime", "", ColumnType::time, Role::identifier},
    NamedColumn{"stcpb", "", ColumnType::number, Role::identifier},  // initial sequence numbers
    NamedColumn{"dtcpb", "", ColumnType::number, Role::identifier},
};

/// The columns of UNSW-NB15's four large files, which have no line of names.
inline constexpr std::string_view unsw_nb15_names =
    "srcip,sport,dstip,dsport,proto,state,dur,sbytes,dbytes,sttl,dttl,sloss,dloss,service,Sload,Dload,Spkts,Dpkts,"
    "swin,dwin,stcpb,dtcpb,smeansz,dmeansz,trans_depth,res_bdy_len,Sjit,Djit,Stime,Ltime,Sintpkt,Dintpkt,tcprtt,"
    "synack,ackdat,is_sm_ips_ports,ct_state_ttl,ct_flw_http_mthd,is_ftp_login,ct_ftp_cmd,ct_srv_src,ct_srv_dst,"
    "ct_dst_ltm,ct_src_ltm,ct_src_dport_ltm,ct_dst_sport_ltm,ct_dst_src_ltm,attack_cat,Label";

}  // namespace nad::detail
