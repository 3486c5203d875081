// Includes the public headers that it uses and no other: what they need must come along, also where nothing is linked.
#include <nad/detector/isolation_forest.hpp>
#include <nad/persist/model_file.hpp>

int main() {
  nad::Matrix rows(10, 2);
  rows(3, 1) = 1.0F;
  nad::IsolationForest forest;
  forest.fit(rows);
  const auto same = nad::load_bytes<nad::IsolationForest>(nad::save_bytes(forest));
  return same.anomaly_score(rows.row(3)) > forest.anomaly_score(rows.row(0)) ? 0 : 1;
}
