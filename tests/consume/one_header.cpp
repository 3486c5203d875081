// Includes one public header only: what it needs must come along, also where nothing is linked.
#include <nad/detector/isolation_forest.hpp>

int main() {
  nad::Matrix rows(10, 2);
  rows(3, 1) = 1.0F;
  nad::IsolationForest forest;
  forest.fit(rows);
  return forest.anomaly_score(rows.row(3)) > forest.anomaly_score(rows.row(0)) ? 0 : 1;
}
