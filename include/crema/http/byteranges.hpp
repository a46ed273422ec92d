// byteranges: several parts of a representation in one answer, multipart/byteranges (RFC 9110 section 14.6).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/http/range.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace crema::http {

/** Writes what stands around the parts of a multipart/byteranges answer: for each `front`, then its octets, then at last `end`.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe for writing.

    @see RFC 9110 sections 14.6 and 15.3.7.2
*/
class byteranges {
public:
    /** Construct.

        @param ranges In the order in which they are sent; within `size`.
        @param size Octets of the whole representation.
        @param type Its Content-Type; without one the parts have none.
        @param boundary Must not occur in the content: random.
    */
    byteranges(std::vector<byte_range> ranges, std::uint64_t size, std::string type, std::string boundary)
        : ranges_(std::move(ranges)),
          size_(size),
          type_(std::move(type)),
          boundary_(std::move(boundary)) {}

    /// Returns the ranges.
    const std::vector<byte_range>& ranges() const noexcept { return ranges_; }
    /// Returns the Content-Type of the answer.
    std::string content_type() const { return "multipart/byteranges; boundary=" + boundary_; }
    /// Counts the octets of the answer. @par Complexity Linear in the number of ranges.
    CREMA_DECL std::uint64_t content_length() const;
    /// Returns what stands in front of the octets of a part.
    CREMA_DECL std::string front(std::size_t part) const;
    /// Returns what stands behind the last part.
    std::string end() const { return "\r\n--" + boundary_ + "--\r\n"; }

private:
    std::vector<byte_range> ranges_;
    std::uint64_t size_;
    std::string type_, boundary_;
};

} // namespace crema::http

#if CREMA_BODIES
namespace crema::http {

CREMA_DECL std::uint64_t byteranges::content_length() const {
    std::uint64_t all = end().size();
    for (std::size_t i = 0; i < ranges_.size(); ++i) all += front(i).size() + ranges_[i].size();
    return all;
}

CREMA_DECL std::string byteranges::front(std::size_t part) const {
    std::string out(part == 0 ? "--" : "\r\n--");
    out.append(boundary_).append("\r\n");
    if (!type_.empty()) out.append("Content-Type: ").append(type_).append("\r\n");
    return out.append("Content-Range: ").append(content_range(ranges_[part], size_)).append("\r\n\r\n");
}

} // namespace crema::http
#endif
