#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "detector_verbs.hpp"

namespace nad::python {

namespace {

py::dict curve_to_python(const ClusterCurve& curve) {
  std::vector<std::size_t> n_clusters;
  std::vector<double> inertia;
  std::vector<double> silhouette;
  for (const ClusterCurvePoint& point : curve.points) {
    n_clusters.push_back(point.n_clusters);
    inertia.push_back(point.inertia);
    silhouette.push_back(point.silhouette);
  }
  py::dict values;
  values["n_clusters"] = n_clusters;
  values["inertia"] = inertia;
  values["silhouette"] = silhouette;
  values["elbow"] = curve.elbow;
  values["best"] = curve.best();
  return values;
}

py::object predict_cluster(const KMeans& kmeans, py::handle x, py::handle n_jobs, py::object progress) {
  const Records records(x);
  check_columns(kmeans, records);
  if (records.is_single()) {
    return py::int_(kmeans.predict_cluster(records.row()));
  }
  Run run(n_jobs, std::move(progress));
  const std::vector<std::uint32_t> clusters =
      run([&](const FitControl& control) { return kmeans.predict_cluster(records.view(), control); });
  py::array_t<std::int64_t> array(static_cast<py::ssize_t>(clusters.size()));
  std::copy(clusters.begin(), clusters.end(), array.mutable_data());
  return array;
}

py::dict elbow(py::handle x, const std::vector<std::size_t>& n_clusters, const py::dict& options, py::handle n_jobs,
               py::object progress) {
  const Records records(x);
  const auto given = options_from<KMeansOptions>(py::kwargs(options), "KMeans");
  Run run(n_jobs, std::move(progress));
  return curve_to_python(
      run([&](const FitControl& control) { return KMeans::elbow(records.view(), n_clusters, given, control); }));
}

py::tuple project(const KMeans& kmeans, py::handle x, py::handle n_jobs, py::object progress) {
  const Records records(x);
  check_columns(kmeans, records);
  Run run(n_jobs, std::move(progress));
  ClusterView view = run([&](const FitControl& control) { return kmeans.project(records.view(), control); });
  return py::make_tuple(array_of(std::move(view.rows)), array_of(std::move(view.centres)),
                        array_of(std::move(view.axes)), view.explained);
}

py::list profile(const KMeans& kmeans) {
  py::list clusters;
  for (const ClusterProfile& one : kmeans.profile()) {
    py::dict values;
    values["weight"] = one.weight;
    values["share"] = one.share;
    values["large"] = one.large;
    values["centre"] = one.centre;
    values["deviations"] = one.deviations;
    clusters.append(values);
  }
  return clusters;
}

}  // namespace

void register_kmeans(py::module_& module) {
  const auto x = py::arg("x");
  const auto n_jobs = py::arg("n_jobs") = 1;
  const auto progress = py::arg("progress") = py::none();
  auto kmeans = detector_class<KMeans>(module, "KMeans");
  def_partial_fit(kmeans);
  kmeans
      .def(
          "start_from", [](KMeans& self, py::handle centres) { self.start_from(copy_of(Records(centres).view())); },
          py::arg("centres"))
      .def("predict_cluster", &predict_cluster, x, n_jobs, progress)
      .def_static("elbow", &elbow, x, py::arg("n_clusters"), py::arg("options"), n_jobs, progress)
      .def("project", &project, x, n_jobs, progress)
      .def("profile", &profile)
      .def("feature_importance", &KMeans::feature_importance)
      .def_property_readonly("curve", [](const KMeans& self) { return curve_to_python(self.curve()); })
      .def_property_readonly("centres", [](const KMeans& self) { return array_of(copy_of(self.centres())); })
      .def_property_readonly("weights",
                             [](const KMeans& self) {
                               return py::array_t<double>(static_cast<py::ssize_t>(self.weights().size()),
                                                          self.weights().data());
                             })
      .def_property_readonly("inertia", &KMeans::inertia)
      .def_property_readonly("iterations", &KMeans::iterations)
      .def_property_readonly("n_clusters", &KMeans::n_clusters);
}

}  // namespace nad::python
