#pragma once

/// nad: few, calibrated, explained alerts from network traffic.
///
///   #include <nad/nad.hpp>
///
///   int main() {
///     nad::Matrix traffic(1000, 2);                                        // one row a record
///     nad::Random random(/*seed=*/1);
///     for (std::size_t i = 0; i < 1000; ++i) traffic(i, 0) = traffic(i, 1) = static_cast<float>(random.uniform());
///     traffic(7, 1) = 40.0F;                                               // one record is unlike the others
///     nad::IsolationForest forest({.contamination = 0.001});
///     forest.fit(traffic);
///     return forest.anomaly_score(traffic.row(7)) > forest.threshold() ? 0 : 1;
///   }

#include "nad/config.hpp"
#include "nad/core/error.hpp"
#include "nad/core/large_memory.hpp"
#include "nad/core/matrix.hpp"
#include "nad/core/parallel.hpp"
#include "nad/core/progress.hpp"
#include "nad/core/random.hpp"

#include "nad/simd/kernels.hpp"

#include "nad/table/address.hpp"
#include "nad/table/arrow.hpp"
#include "nad/table/arrow_abi.hpp"
#include "nad/table/buffer.hpp"
#include "nad/table/column.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/combining.hpp"
#include "nad/table/comparing.hpp"
#include "nad/table/converting.hpp"
#include "nad/table/dictionary.hpp"
#include "nad/table/distinct.hpp"
#include "nad/table/group_profile.hpp"
#include "nad/table/print.hpp"
#include "nad/table/sampling.hpp"
#include "nad/table/schema.hpp"
#include "nad/table/sorting.hpp"
#include "nad/table/summary.hpp"
#include "nad/table/table.hpp"
#include "nad/table/time.hpp"

#include "nad/source/kdd99.hpp"
#include "nad/source/read.hpp"
#include "nad/source/read_options.hpp"
#include "nad/source/synthetic_flows.hpp"
#include "nad/source/write_csv.hpp"

#include "nad/features/address_features.hpp"
#include "nad/features/column_choice.hpp"
#include "nad/features/configuration.hpp"
#include "nad/features/derived.hpp"
#include "nad/features/encoding.hpp"
#include "nad/features/feature_info.hpp"
#include "nad/features/host_windows.hpp"
#include "nad/features/importance.hpp"
#include "nad/features/leave_out.hpp"
#include "nad/features/pipeline.hpp"
#include "nad/features/port_features.hpp"
#include "nad/features/reduction.hpp"
#include "nad/features/rolling_windows.hpp"
#include "nad/features/scaling.hpp"
#include "nad/features/step.hpp"
#include "nad/features/stream.hpp"
#include "nad/features/time_parts.hpp"
#include "nad/features/traffic_features.hpp"

#include "nad/detector/amount.hpp"
#include "nad/detector/autoencoder.hpp"
#include "nad/detector/autoencoder_options.hpp"
#include "nad/detector/bin_rule.hpp"
#include "nad/detector/boosted_trees.hpp"
#include "nad/detector/detector.hpp"
#include "nad/detector/ecod.hpp"
#include "nad/detector/ensemble.hpp"
#include "nad/detector/half_space_trees.hpp"
#include "nad/detector/histogram.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "nad/detector/kmeans.hpp"
#include "nad/detector/local_gaussian.hpp"
#include "nad/detector/loda.hpp"
#include "nad/detector/mahalanobis.hpp"
#include "nad/detector/nearest_neighbours.hpp"
#include "nad/detector/one_class_svm.hpp"
#include "nad/detector/pca_residual.hpp"
#include "nad/detector/svm_kernel.hpp"

#include "nad/threshold/calibration.hpp"
#include "nad/threshold/drift.hpp"
#include "nad/threshold/false_discovery.hpp"
#include "nad/threshold/threshold_rule.hpp"

#include "nad/alert/alert.hpp"
#include "nad/alert/allow_list.hpp"
#include "nad/alert/callback_channel.hpp"
#include "nad/alert/channel.hpp"
#include "nad/alert/command_channel.hpp"
#include "nad/alert/deduplicator.hpp"
#include "nad/alert/file_channel.hpp"
#include "nad/alert/format.hpp"
#include "nad/alert/mail_channel.hpp"
#include "nad/alert/sink.hpp"
#include "nad/alert/socket_channel.hpp"
#include "nad/alert/subnet.hpp"
#include "nad/alert/webhook_channel.hpp"

#include "nad/evaluate/calibration_curve.hpp"
#include "nad/evaluate/class_confusion.hpp"
#include "nad/evaluate/confusion.hpp"
#include "nad/evaluate/curves.hpp"
#include "nad/evaluate/episodes.hpp"
#include "nad/evaluate/evaluation.hpp"
#include "nad/evaluate/intervals.hpp"
#include "nad/evaluate/ranking.hpp"
#include "nad/evaluate/score_histogram.hpp"
#include "nad/evaluate/score_view.hpp"
#include "nad/evaluate/splits.hpp"

#include "nad/persist/json.hpp"
#include "nad/persist/model_file.hpp"
#include "nad/persist/onnx.hpp"
#include "nad/persist/pipeline_file.hpp"

#include "nad/model/export.hpp"
#include "nad/model/finding.hpp"
#include "nad/model/model.hpp"
#include "nad/model/model_options.hpp"
#include "nad/model/record_scorer.hpp"
#include "nad/model/usual_values.hpp"
