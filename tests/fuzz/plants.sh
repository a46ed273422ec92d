# One bug for each target, in a copy of a header; sourced by check.sh.
planted request_parser http/request_parser.hpp 's/name_size_ = offset(p) - name_at_;/name_size_ = offset(p) - name_at_ + 1;/'
planted chunked http/chunked.hpp 's/left_ = left_ << 4 | hex_value(c)/left_ = left_ * 10 + static_cast<unsigned>(hex_value(c))/'
planted cookie http/cookie.hpp 's/decoded ? std::move(\*decoded) : std::string(raw)/std::string(raw)/'
planted fields http/range.hpp 's/{size - \*last, size - 1}/{size - *last, size}/'
planted forwarded http/forwarded.hpp 's/rest.empty() || !trust.trusts(address, hop++)/rest.empty()/'
planted nested_query http/nested_query.hpp 's/std::min<std::size_t>(options_.depth, 512)/std::min<std::size_t>(options_.depth + 9, 512)/'
planted multipart http/multipart.hpp 's/substr(0, std::exchange(matched_, 0))/substr(0, std::exchange(matched_, 0) - 1)/'
planted pattern route/program.hpp 's/length_ = at;/length_ = at + 1;/'
planted json json/writer.hpp "s/at_++ = 'f'; break/at_++ = 'x'; break/"
planted query http/query.hpp 's/ && decode_query(pair.name) != name) continue/) continue/'
