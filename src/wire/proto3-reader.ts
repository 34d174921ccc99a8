// Protobuf bytes by one exact rule where the library leaves two to itself: groups,
// which proto3 does not have and it skips to a depth of its own, and long varints.
import protobuf from 'protobufjs';

const [GROUP_START, GROUP_END] = [3, 4];

/** For `Type.decode`. Of what is not known here no group and no varint over 10 bytes is skipped. */
export class Proto3Reader extends protobuf.BufferReader {
  override skipType(wireType: number, depth?: number, fieldNumber?: number): protobuf.Reader {
    if (wireType === GROUP_START || wireType === GROUP_END) throw new Error('a group in proto3');
    return super.skipType(wireType, depth, fieldNumber);
  }

  override skip(length?: number): protobuf.Reader {
    if (length !== undefined) return super.skip(length);
    this.uint64();
    return this;
  }
}
