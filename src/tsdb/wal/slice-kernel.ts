import {
  block,
  br,
  brIf,
  type Code,
  f64,
  f64Add,
  f64Eq,
  f64Floor,
  f64Mul,
  f64Ne,
  f64OfI32,
  f64OfI64,
  get,
  i32,
  i32Add,
  i32And,
  i32Eq,
  i32GeU,
  i32GtU,
  i32LtS,
  i32LtU,
  i32Ne,
  i32OfF64,
  i32Or,
  i32Shl,
  i32Sub,
  i64,
  i64And,
  i64Shl,
  i64ShrU,
  leave,
  loadByte,
  loadI64,
  loadI64BigEndian,
  loop,
  set,
  storeF64,
  storeI32,
  storeI64,
  toI64,
  ValueType,
  type WasmFunction,
  when,
} from '../../base/wasm-code.ts'
import { SERIES_FOLLOWS, TIME_FOLLOWS } from './encode.ts'
import { KIND_FLOAT_MAX, KIND_STALE } from './values.ts'

// 1. It does what `SampleSlices` does, with the same samples and the same refusals, for a record that was copied to the memory.
// 2. It looks at up to 16 bytes behind the record, whatever they are.
// Source: docs/formats/wal.md, type 2.

/** Where the kernel writes what the next call goes on with, and what it found. */
export const SLICE_NOTES = { bytes: 24, series: 0, runs: 4, time: 8, seriesEnd: 16 } as const

/** What the kernel answers instead of an address. */
export const SliceFailure = { endsEarly: -1, longVarint: -2, noSeries: -3 } as const

const { i32: I32, i64: I64, f64: F64 } = ValueType

// Parameters, then locals.
const [AT, END, COUNT, SERIES, TIME, VALUES, FIRSTS, STARTS, TIMES] = [0, 1, 2, 3, 4, 5, 6, 7, 8]
const [CONTROL, KIND, BYTE, NEXT, SERIES_END, RUNS, INDEX] = [9, 10, 11, 12, 13, 14, 15]
const SHIFT = 16
const [RUN_TIME, NUMBER, SCALE] = [17, 18, 19]

const STALE_BITS = 0x7ff0000000000002n
/** Of a byte that no varint has. */
const SCALE_END = 2 ** 63

const advance = (local: number, count: Code): Code => set(local, i32Add(get(local), count))
const raise = (local: number, to: Code): Code => when(i32LtU(get(local), to), [set(local, to)])

/** A zigzag varint at AT into NUMBER, in float64 as the reader has it. */
const readZigzag: readonly Code[] = [
  set(NUMBER, f64(0)),
  set(SCALE, f64(1)),
  loop(
    when(i32GeU(get(AT), get(END)), [leave(i32(SliceFailure.endsEarly))]),
    set(BYTE, loadByte(get(AT))),
    advance(AT, i32(1)),
    set(NUMBER, f64Add(get(NUMBER), f64Mul(f64OfI32(i32And(get(BYTE), i32(0x7f))), get(SCALE)))),
    when(i32GeU(get(BYTE), i32(0x80)), [
      set(SCALE, f64Mul(get(SCALE), f64(0x80))),
      when(f64Eq(get(SCALE), f64(SCALE_END)), [leave(i32(SliceFailure.longVarint))]),
      br(1),
    ]),
  ),
  // Odd ones are below zero.
  when(
    f64Eq(f64Mul(f64Floor(f64Mul(get(NUMBER), f64(0.5))), f64(2)), get(NUMBER)),
    [set(NUMBER, f64Mul(get(NUMBER), f64(0.5)))],
    [set(NUMBER, f64Mul(f64Add(get(NUMBER), f64(1)), f64(-0.5)))],
  ),
]

/** The bits that a shift by so many bytes' complement leaves: 64 less 8 for each. */
const shiftFor = (bytes: Code): Code => set(SHIFT, toI64(i32Sub(i32(64), i32Shl(bytes, i32(3)))))
const integerBytes = i32Sub(get(KIND), i32(KIND_FLOAT_MAX))

const readValue: Code = when(
  i32GtU(get(KIND), i32(KIND_FLOAT_MAX)),
  [
    when(
      i32Eq(get(KIND), i32(KIND_STALE)),
      [storeI64(get(VALUES), i64(STALE_BITS))],
      [
        shiftFor(integerBytes),
        storeF64(get(VALUES), f64OfI64(i64And(loadI64(get(AT)), i64ShrU(i64(-1n), get(SHIFT))))),
        advance(AT, integerBytes),
      ],
    ),
  ],
  [
    when(
      i32Eq(get(KIND), i32(0)),
      [storeF64(get(VALUES), f64(0))],
      [
        shiftFor(get(KIND)),
        storeI64(get(VALUES), i64Shl(i64ShrU(loadI64BigEndian(get(AT)), get(SHIFT)), get(SHIFT))),
        advance(AT, get(KIND)),
      ],
    ),
  ],
)

/** The sum of two that each are whole and in range is below zero when it is out of range. */
const skipToSeries: readonly Code[] = [
  ...readZigzag,
  when(i32Or(i32LtS(get(SERIES), i32(0)), f64Ne(f64OfI32(i32OfF64(get(NUMBER))), get(NUMBER))), [leave(i32(SliceFailure.noSeries))]),
  advance(SERIES, i32OfF64(get(NUMBER))),
]

const beginRun: readonly Code[] = [
  when(i32LtS(get(SERIES), i32(0)), [leave(i32(SliceFailure.noSeries))]),
  raise(SERIES_END, get(NEXT)),
  storeI32(get(FIRSTS), get(SERIES)),
  storeI32(get(STARTS), get(INDEX)),
  storeF64(get(TIMES), get(TIME)),
  advance(FIRSTS, i32(4)),
  advance(STARTS, i32(4)),
  advance(TIMES, i32(8)),
  advance(RUNS, i32(1)),
  set(RUN_TIME, get(TIME)),
]

/**
 * readSlice(at, end, count, series, time, values, firsts, starts, times): `count` samples between two addresses, after one of this series and time.
 * Their values go to one column, and of each run its first series, the place of its first sample, and its time to three more. Answers where it
 * ended, or a failure.
 */
export const SLICE_KERNEL: WasmFunction = {
  name: 'readSlice',
  parameters: [I32, I32, I32, I32, F64, I32, I32, I32, I32],
  result: I32,
  locals: [I32, I32, I32, I32, I32, I32, I32, I64, F64, F64, F64],
  code: [
    block(
      loop(
        brIf(i32Eq(get(INDEX), get(COUNT)), 1),
        set(CONTROL, loadByte(get(AT))),
        advance(AT, i32(1)),
        advance(SERIES, i32(1)),
        when(i32And(get(CONTROL), i32(SERIES_FOLLOWS)), skipToSeries),
        when(i32And(get(CONTROL), i32(TIME_FOLLOWS)), [...readZigzag, set(TIME, f64Add(get(TIME), get(NUMBER)))]),
        set(KIND, i32And(get(CONTROL), i32(0x0f))),
        readValue,
        when(i32GtU(get(AT), get(END)), [leave(i32(SliceFailure.endsEarly))]),
        advance(VALUES, i32(8)),
        when(i32Or(i32Eq(get(RUNS), i32(0)), i32Or(i32Ne(get(SERIES), get(NEXT)), f64Ne(get(TIME), get(RUN_TIME)))), beginRun),
        set(NEXT, i32Add(get(SERIES), i32(1))),
        advance(INDEX, i32(1)),
        br(0),
      ),
    ),
    raise(SERIES_END, get(NEXT)),
    storeI32(i32(SLICE_NOTES.series), get(SERIES)),
    storeI32(i32(SLICE_NOTES.runs), get(RUNS)),
    storeF64(i32(SLICE_NOTES.time), get(TIME)),
    storeI32(i32(SLICE_NOTES.seriesEnd), get(SERIES_END)),
    get(AT),
  ],
}
