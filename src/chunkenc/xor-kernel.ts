import {
  block,
  br,
  brIf,
  type Code,
  f64,
  f64Add,
  f64Eq,
  f64Floor,
  f64Ge,
  f64Gt,
  f64Le,
  f64Mul,
  f64OfI32,
  f64OfI64,
  get,
  i32,
  i32Add,
  i32And,
  i32GeU,
  i32GtU,
  i32LtS,
  i32LtU,
  i32Or,
  i32Shl,
  i32ShrU,
  i32Sub,
  i64,
  i64And,
  i64Eq,
  i64GeS,
  i64LtS,
  i64Or,
  i64Shl,
  i64ShrS,
  i64ShrU,
  i64Sub,
  i64Xor,
  leave,
  loadByte,
  loadI64BigEndian,
  loop,
  set,
  storeF64,
  storeI32,
  storeI64,
  toI32,
  toI64,
  ValueType,
  type WasmFunction,
  when,
} from '../base/wasm-code.ts'

// 1. It does what `decodeXor` does, with the same samples and the same refusals, for a chunk that was copied to the memory.
// 2. It looks at up to 16 bytes behind the chunk, and makes them zeros.
// Source: docs/formats/chunks.md.

/** Where the kernel writes what is to be known of the samples of a call. */
export const NOTES = { bytes: 28, isEven: 0, hasMarker: 4, spacingMs: 8, failedAt: 16, failedBits: 20, mayFall: 24 } as const

/** What the kernel answers instead of a number of samples. */
export const XorFailure = { endsEarly: -1, tooManyBits: -2 } as const

const { i32: I32, i64: I64, f64: F64 } = ValueType

// Parameters, then locals.
const [AT, END, COUNT, TIMES, VALUES, MIN_TIME, MAX_TIME] = [0, 1, 2, 3, 4, 5, 6]
const [BIT, BIT_END, INDEX, BITS, TRAILING, GOOD, IS_EVEN, HAS_MARKER, FIRST, BYTE] = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
const [HEAD, VALUE, CHANGE] = [17, 18, 19]
const [TIME, DELTA, SCALE] = [20, 21, 22]
/** Whether the first value or another one is below zero, or one below the one before it: floats above zero have the order of their bits. */
const FALLS = 23

const STALE_BITS = 0x7ff0000000000002n
const QUIET_BIT = 0x0008000000000000n

/** 57 bits or more from the bit on that an expression says, the first of them the highest. */
const peek = (bit: Code): Code => i64Shl(loadI64BigEndian(i32ShrU(bit, i32(3))), toI64(i32And(bit, i32(7))))
const advance = (local: number, count: Code): Code => set(local, i32Add(get(local), count))
const headBits = (shift: bigint, mask: bigint): Code => i64And(i64ShrU(get(HEAD), i64(shift)), i64(mask))
const shiftHead = (count: bigint): Code => set(HEAD, i64Shl(get(HEAD), i64(count)))
/** The bit that is `count` after the first is zero. */
const isZeroAfter = (count: bigint): Code => i64GeS(i64Shl(get(HEAD), i64(count)), i64(0n))

/** A varint at AT into a local, as far as there are bytes. In float64, as all times: whatever the bytes, it is what the decoder finds. */
const readVarint = (into: number): readonly Code[] => [
  set(into, f64(0)),
  set(SCALE, f64(1)),
  set(BYTE, i32(0x80)),
  block(
    loop(
      brIf(i32LtU(get(BYTE), i32(0x80)), 1),
      brIf(i32GeU(get(AT), get(END)), 1),
      set(BYTE, loadByte(get(AT))),
      advance(AT, i32(1)),
      set(into, f64Add(get(into), f64Mul(f64OfI32(i32And(get(BYTE), i32(0x7f))), get(SCALE)))),
      set(SCALE, f64Mul(get(SCALE), f64(0x80))),
      br(0),
    ),
  ),
  set(BIT, i32Shl(get(AT), i32(3))),
]

/** A change of the spacing in `width` bits behind `prefix` bits; of the two numbers of the largest size it is the one above zero. */
const changeSpacing = (prefix: bigint, width: bigint): readonly Code[] => [
  set(CHANGE, headBits(64n - prefix - width, (1n << width) - 1n)),
  when(i64LtS(i64(1n << (width - 1n)), get(CHANGE)), [set(CHANGE, i64Sub(get(CHANGE), i64(1n << width)))]),
  set(DELTA, f64Add(get(DELTA), f64OfI64(get(CHANGE)))),
  advance(BIT, i32(Number(prefix + width))),
]

const storeSample: readonly Code[] = [storeF64(get(TIMES), get(TIME)), storeI64(get(VALUES), get(VALUE))]
const keepSample: readonly Code[] = [advance(TIMES, i32(8)), advance(VALUES, i32(8))]
const noteMarker = when(i64Eq(i64And(get(VALUE), i64(~QUIET_BIT)), i64(STALE_BITS)), [set(HAS_MARKER, i32(1))])
const failAt = (index: Code, failure: number): readonly Code[] => [storeI32(i32(NOTES.failedAt), index), leave(i32(failure))]

const readFirst: readonly Code[] = [
  ...readVarint(TIME),
  // Zigzag: odd ones are below zero.
  when(
    f64Eq(f64Mul(f64Floor(f64Mul(get(TIME), f64(0.5))), f64(2)), get(TIME)),
    [set(TIME, f64Mul(get(TIME), f64(0.5)))],
    [set(TIME, f64Mul(f64Add(get(TIME), f64(1)), f64(-0.5)))],
  ),
  set(VALUE, loadI64BigEndian(get(AT))),
  advance(AT, i32(8)),
  advance(BIT, i32(64)),
  when(i32GtU(get(BIT), get(BIT_END)), [...failAt(i32(0), XorFailure.endsEarly)]),
  noteMarker,
  set(FALLS, i64LtS(get(VALUE), i64(0n))),
  when(i32And(f64Ge(get(TIME), get(MIN_TIME)), f64Le(get(TIME), get(MAX_TIME))), [...storeSample, ...keepSample]),
]

const readSpacing: readonly Code[] = [
  when(
    i64GeS(get(HEAD), i64(0n)),
    // Not changed, and the bit after it is in the word already.
    [advance(BIT, i32(1)), shiftHead(1n)],
    [
      set(IS_EVEN, i32(0)),
      when(isZeroAfter(1n), changeSpacing(2n, 14n), [
        when(isZeroAfter(2n), changeSpacing(3n, 17n), [
          when(isZeroAfter(3n), changeSpacing(4n, 20n), [
            advance(BIT, i32(4)),
            set(
              DELTA,
              f64Add(
                get(DELTA),
                f64Add(
                  f64Mul(f64OfI64(i64ShrS(peek(get(BIT)), i64(32n))), f64(2 ** 32)),
                  f64OfI64(i64ShrU(peek(i32Add(get(BIT), i32(32))), i64(32n))),
                ),
              ),
            ),
            advance(BIT, i32(64)),
          ]),
        ]),
      ]),
      set(HEAD, peek(get(BIT))),
    ],
  ),
]

/** From here on at least 56 bits of the word are good. */
const readValue: Code = when(
  i64GeS(get(HEAD), i64(0n)),
  [advance(BIT, i32(1))],
  [
    when(
      isZeroAfter(1n),
      [advance(BIT, i32(2)), shiftHead(2n), set(GOOD, i32(54))],
      [
        set(BITS, toI32(headBits(51n, 0x3fn))),
        when(i32LtU(get(BITS), i32(1)), [set(BITS, i32(64))]),
        set(TRAILING, i32Sub(i32Sub(i32(64), toI32(headBits(57n, 0x1fn))), get(BITS))),
        when(i32LtS(get(TRAILING), i32(0)), [
          storeI32(i32(NOTES.failedBits), i32Or(i32Shl(toI32(headBits(57n, 0x1fn)), i32(8)), toI32(headBits(51n, 0x3fn)))),
          ...failAt(get(INDEX), XorFailure.tooManyBits),
        ]),
        advance(BIT, i32(13)),
        shiftHead(13n),
        set(GOOD, i32(43)),
      ],
    ),
    when(i32GtU(get(BITS), get(GOOD)), [
      // More than one look gives: its first 32 bits, and the rest behind them.
      set(HEAD, i64Or(i64Shl(i64ShrU(peek(get(BIT)), i64(32n)), i64(32n)), i64ShrU(peek(i32Add(get(BIT), i32(32))), i64(32n)))),
    ]),
    set(CHANGE, get(VALUE)),
    set(VALUE, i64Xor(get(VALUE), i64Shl(i64ShrU(get(HEAD), toI64(i32Sub(i32(64), get(BITS)))), toI64(get(TRAILING))))),
    set(FALLS, i32Or(get(FALLS), i64LtS(get(VALUE), get(CHANGE)))),
    advance(BIT, get(BITS)),
  ],
)

const readOthers: readonly Code[] = [
  ...readVarint(DELTA),
  storeF64(i32(NOTES.spacingMs), get(DELTA)),
  set(INDEX, i32(1)),
  block(
    loop(
      brIf(i32GeU(get(INDEX), get(COUNT)), 1),
      set(HEAD, peek(get(BIT))),
      when(i32GtU(get(INDEX), i32(1)), readSpacing),
      set(TIME, f64Add(get(TIME), get(DELTA))),
      brIf(f64Gt(get(TIME), get(MAX_TIME)), 1),
      readValue,
      when(i32GtU(get(BIT), get(BIT_END)), failAt(get(INDEX), XorFailure.endsEarly)),
      ...storeSample,
      noteMarker,
      when(f64Ge(get(TIME), get(MIN_TIME)), keepSample),
      advance(INDEX, i32(1)),
      br(0),
    ),
  ),
]

/**
 * decodeXor(at, end, count, times, values, minTime, maxTime): the bits of a chunk of `count` samples (at least one) between two addresses; the
 * samples between the times go to the two columns. Answers how many there are, or a failure.
 */
export const XOR_KERNEL: WasmFunction = {
  name: 'decodeXor',
  parameters: [I32, I32, I32, I32, I32, F64, F64],
  result: I32,
  locals: [I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I64, I64, I64, F64, F64, F64, I32],
  code: [
    storeI64(get(END), i64(0n)),
    storeI64(get(END), i64(0n), 8),
    set(FIRST, get(TIMES)),
    set(BIT_END, i32Shl(get(END), i32(3))),
    set(IS_EVEN, i32(1)),
    set(BITS, i32(64)),
    storeF64(i32(NOTES.spacingMs), f64(0)),
    ...readFirst,
    when(i32And(i32GtU(get(COUNT), i32(1)), f64Le(get(TIME), get(MAX_TIME))), readOthers),
    storeI32(i32(NOTES.isEven), get(IS_EVEN)),
    storeI32(i32(NOTES.hasMarker), get(HAS_MARKER)),
    storeI32(i32(NOTES.mayFall), get(FALLS)),
    i32ShrU(i32Sub(get(TIMES), get(FIRST)), i32(3)),
  ],
}
