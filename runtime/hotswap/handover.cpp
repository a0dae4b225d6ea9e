#include "runtime/hotswap/handover.hpp"

namespace runtime::hotswap {

namespace handover = messages::handover;

std::string pack(const handover::HandoverT& what) {
  flatbuffers::FlatBufferBuilder builder;
  handover::FinishHandoverBuffer(builder, handover::Handover::Pack(builder, &what));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

std::optional<handover::HandoverT> unpack(std::string_view bytes, std::string& why) {
  constexpr flatbuffers::uoffset_t depth_max = 8, tables_max = 10'000'000;
  flatbuffers::Verifier verifier{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), depth_max, tables_max};
  if (!handover::VerifyHandoverBuffer(verifier)) {
    why = "it is no handover, or a damaged one";
    return std::nullopt;
  }
  handover::HandoverT result;
  handover::GetHandover(bytes.data())->UnPackTo(&result);
  if (result.format != handover_format) {
    why = "its format is " + std::to_string(result.format) + ", and " + std::to_string(handover_format) + " is what is understood here";
    return std::nullopt;
  }
  return result;
}

} // namespace runtime::hotswap
