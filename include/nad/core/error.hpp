#pragma once

/// The one exception of nad: a code for programs, a message for people.
///
///   try {
///     forest.anomaly_score(rows, scores);
///   } catch (const nad::Error& error) {
///     if (error.code() == nad::ErrorCode::not_fitted) forest.fit(rows);
///   }
///
/// A message says what is wrong, where (file, row, column) and what to do. The library never prints, aborts or exits.

#include <stdexcept>
#include <string>
#include <string_view>

#include "nad/config.hpp"

namespace nad {

enum class ErrorCode {
  invalid_argument,  ///< an option or a parameter makes no sense
  invalid_data,      ///< the records cannot be used: wrong shape, missing or infinite values
  not_fitted,        ///< the object has learnt nothing yet
  io,                ///< the operating system refused: a file cannot be opened, read or written
  bad_file,          ///< the file was read but is damaged, foreign or too new
  cancelled,         ///< a progress callback asked to stop
};

/// "invalid_argument", "invalid_data", ...
NAD_API std::string_view name(ErrorCode code) noexcept;

class NAD_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message);
  ~Error() override;

  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/core/error-inl.hpp"
#endif
