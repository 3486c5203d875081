#pragma once

// A small file of each format that can be read.

#include <string>
#include <utility>
#include <vector>

inline std::vector<std::pair<std::string, std::string>> record_seeds() {
  const std::string kdd =
      "0,tcp,http,SF,181,5450,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,8,8,0.00,0.00,0.00,0.00,1.00,0.00,0.00,9,9,1.00,0.00,"
      "0.11,0.00,0.00,0.00,0.00,0.00,";
  return {
      {"kdd99", kdd + "normal.\n" + kdd + "smurf.\n"},
      {"nsl_kdd", kdd + "neptune,21\n" + kdd + "normal,7\n"},
      {"csv",
       "time,address,port,share,name,ok,label\n2026-01-02 03:04:05.6,192.0.2.7,443,0.25,http,true,normal\n"
       "2026-01-02T03:04:06Z,2001:db8::1,NA,1e3,dns,false,odd\n"},
      {"quoted", "\"a\",\"b, c\"\r\n\"say \"\"x\"\"\",1\r\n\"two\nlines\",-2.5\r\n"},
      {"semicolon", "\xef\xbb\xbfWert;Zeit\n0,5;07.04.2026 22:24\n1,25;13.04.2026 10:00 PM\n"},
      {"marked", "# a remark\n#ts\tuid\tn\n1491603877.5\tabc\t007\n1491603878\tdef\t12\n"},
      {"odd", "sep=|\n a | 'b' |\n-|'x|y'|\n\n1|?|\n1|2\n"},
      {"blanks", "a, b, c\n1, \"x, y\", 18446744073709551615\n2, z, 3\n"},
      {"zeek_tsv",
       "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
       "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\torig_bytes\tconn_state\tlocal_"
       "orig\n"
       "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tinterval\tcount\tstring\tbool\n"
       "1600000000.25\tC1\t192.0.2.1\t40000\t198.51.100.2\t443\ttcp\t1.5\t100\tSF\tT\n"
       "1600000001\tC2\t2001:db8::1\t4\tfe80::2%eth0\t22\tudp\t-\t-\tS0\tF\n#close\t2020-09-13-12-26-41\n"},
      {"zeek_json",
       R"({"ts":1600000000.25,"uid":"C1","id.orig_h":"192.0.2.1","id.orig_p":40000,"id.resp_h":"198.51.100.2",)"
       R"("id.resp_p":443,"proto":"tcp","duration":1.5,"orig_bytes":100,"conn_state":"SF","local_orig":true})"
       "\n"
       R"({"ts":"2020-09-13T12:26:41.5Z","id.orig_h":"2001:db8::1","id.resp_h":"::","id.orig_p":1,"id.resp_p":2,)"
       R"("proto":"udp","conn_state":"S0","note":"\u00e9\n","more":[1,{"x":null}]})"
       "\n"},
      {"eve",
       R"({"timestamp":"2024-05-01T12:00:00.000001+0200","flow_id":12,"event_type":"flow","src_ip":"192.0.2.1",)"
       R"("src_port":4,"dest_ip":"198.51.100.2","dest_port":443,"proto":"TCP","flow":{"pkts_toserver":3,)"
       R"("bytes_toserver":300,"start":"2024-05-01T11:59:58.000000+0200","age":1,"state":"closed"},"vlan":[1]})"
       "\n"
       R"({"timestamp":"2024-05-01T12:00:01+0200","event_type":"netflow","src_ip":"192.0.2.1","dest_ip":"192.0.2.2",)"
       R"("proto":"UDP","netflow":{"pkts":3,"bytes":5,"age":1},"tcp":{"tcp_flags":"1b"}})"
       "\n"},
      {"argus",
       "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,SrcPkts,Label\n"
       "2018/12/18 14:00:00.075359,0.5,tcp,192.0.2.1,52691,   ->,198.51.100.2,445,S_RA,0,,5,700,300,2,flow=x\n"
       "1970/01/01 01:00:00.000000,0,llc,00:11:22:33:44:55,0x0303,  who,0,0,INT,,,1,60,60,1,\n"},
      {"nfdump",
       "ts,te,td,sa,da,sp,dp,pr,flg,ipkt,ibyt\n"
       "2024-09-01 10:00:00,2024-09-01 10:00:05,5.250,192.0.2.1,2001:db8::2,51514,3.13,ICMP,...AP.SF,10,1200\n"
       "Summary\nflows,bytes,packets\n1,1200,10\n"},
      {"aws_vpc",
       "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
       "log-status\n2 123456789010 eni-1 192.0.2.1 198.51.100.2 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n"
       "2 123456789010 eni-1 - - - - - - - 1418530010 1418530070 - NODATA\n"},
      {"wireshark",
       "\"No.\",\"Time\",\"Source\",\"Destination\",\"Protocol\",\"Length\",\"Info\"\n"
       "\"1\",\"0.0\",\"192.0.2.1\",\"198.51.100.2\",\"TCP\",\"74\",\"51544  >  443 [SYN] Seq=0 Win=64240 Len=0\"\n"
       "\"2\",\"0.1\",\"198.51.100.2\",\"192.0.2.1\",\"TCP\",\"54\",\"443 > 51544 [RST, ACK] Seq=1\"\n"
       "\"3\",\"2.0\",\"00:11:22:33:44:55\",\"Broadcast\",\"ARP\",\"42\",\"Who has 192.0.2.1? Tell 192.0.2.2\"\n"},
      {"flow_csv",
       "timestamp,src_ip,dst_ip,src_port,dst_port,protocol,duration,bytes_sent,Flow Bytes/s,is_anomaly\n"
       "2026-01-02 03:04:05,192.0.2.1,192.0.2.2,1,2,TCP,0.5,10,Infinity,0\n"
       "2026-01-02 03:04:06,2001:db8::1,::1,3,4,17,NaN,,1.5,1\n"},
  };
}
