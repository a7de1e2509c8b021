import {
  bitsOfF64,
  block,
  br,
  brIf,
  type Code,
  call,
  f64,
  f64Abs,
  f64Div,
  f64Eq,
  f64Ge,
  f64Gt,
  f64Lt,
  f64Mul,
  f64Nearest,
  f64OfI64,
  get,
  i32,
  i32Add,
  i32And,
  i32Eq,
  i32GeS,
  i32GtS,
  i32LeS,
  i32Mul,
  i32Or,
  i32Shl,
  i32ShrS,
  i32ShrU,
  i32Sub,
  i64,
  i64Add,
  i64And,
  i64Clz,
  i64DivU,
  i64Eq,
  i64GeU,
  i64GtU,
  i64LeU,
  i64LtS,
  i64LtU,
  i64Mul,
  i64Ne,
  i64OfF64,
  i64Or,
  i64Shl,
  i64ShrU,
  i64Sub,
  loadF64,
  loadI64,
  loop,
  set,
  storeByte,
  storeI16,
  storeI32,
  storeI64,
  toI32,
  toI64,
  ValueType,
  type WasmFunction,
  when,
} from '../../base/wasm-code.ts'

// Points of a series as JSON. What it writes is what number-bytes.ts does; a point that it has no way for it leaves to that.
// Source of the shortest digits: Raffaello Giulietti, The Schubfach way to render doubles.

const { i32: I32, i64: I64, f64: F64 } = ValueType

/** Points of a call. */
export const POINTS_MAX = 256
/** No point has more bytes, and so many may be written behind the last one. */
const POINT_BYTES_MAX = 64
const TAIL_BYTES = 32

// What lies where in its memory.
const STOPPED_AT = 0
const TENS_AT = 8
const TENS = 20
const POWERS_AT = TENS_AT + 8 * TENS
/** The powers of ten that values with 17 digits and no exponent need. */
const [POWER_MIN, POWER_MAX] = [-5, 22]
const TIMES_AT = POWERS_AT + 16 * (POWER_MAX - POWER_MIN + 1)
const VALUES_AT = TIMES_AT + 8 * POINTS_MAX
const TEXT_AT = VALUES_AT + 8 * POINTS_MAX
export const PLACES = { stopped: STOPPED_AT, tens: TENS_AT, powers: POWERS_AT, times: TIMES_AT, values: VALUES_AT, text: TEXT_AT }
export const MEMORY_BYTES = TEXT_AT + POINTS_MAX * POINT_BYTES_MAX + TAIL_BYTES

/** 1, 10, 100 … */
export const TENS_TABLE = BigUint64Array.from({ length: TENS }, (_, i) => 10n ** BigInt(i))

/** Powers of ten, rounded up, as the 64 highest of their bits and the 64 after them. */
export function powersTable(): BigUint64Array {
  const table = new BigUint64Array(2 * (POWER_MAX - POWER_MIN + 1))
  for (let power = POWER_MIN; power <= POWER_MAX; power++) {
    const shift = BigInt(127 - ((power * 1741647) >> 19))
    const numerator = power < 0 ? 1n << shift : 10n ** BigInt(power) * (shift < 0n ? 1n : 1n << shift)
    const denominator = power < 0 ? 10n ** BigInt(-power) : 1n
    const bits = (numerator + denominator - 1n) / denominator
    table[2 * (power - POWER_MIN)] = bits >> 64n
    table[2 * (power - POWER_MIN) + 1] = bits & 0xffffffffffffffffn
  }
  return table
}

const advance = (local: number, count: Code): Code => set(local, i32Add(get(local), count))
const LOW_HALF = i64(0xffffffffn)
const lowHalf = (value: Code): Code => i64And(value, LOW_HALF)
const highHalf = (value: Code): Code => i64ShrU(value, i64(32n))
const ascii = (text: string): bigint => [...text].reduceRight((bits, char) => (bits << 8n) | BigInt(char.charCodeAt(0)), 0n)
const pair = (text: string): Code => i32(Number(ascii(text)))

// The functions by their places in the module.
const [EIGHT_DIGITS, DIGITS, HIGH_PRODUCT, ROUND_TO_ODD] = [0, 1, 2, 3]

/** eightDigits(n): the digits of a number below 10^8, zeros in front, as text: the first one in the lowest byte. */
const eightDigits: WasmFunction = (() => {
  const [N, HIGH, LANES] = [0, 1, 2]
  const hundreds = i64And(i64ShrU(i64Mul(get(N), i64(10486n)), i64(20n)), i64(0x0000007f0000007fn))
  const tens = i64And(i64ShrU(i64Mul(get(N), i64(103n)), i64(10n)), i64(0x000f000f000f000fn))
  return {
    name: 'eightDigits',
    parameters: [I64],
    result: I64,
    locals: [I64, I64],
    code: [
      // Four digits in each half, two in each quarter, one in each byte.
      set(HIGH, i64ShrU(i64Mul(get(N), i64(109951163n)), i64(40n))),
      set(N, i64Or(get(HIGH), i64Shl(i64Sub(get(N), i64Mul(get(HIGH), i64(10000n))), i64(32n)))),
      set(LANES, hundreds),
      set(N, i64Or(get(LANES), i64Shl(i64Sub(get(N), i64Mul(get(LANES), i64(100n))), i64(16n)))),
      set(LANES, tens),
      i64Or(i64Or(get(LANES), i64Shl(i64Sub(get(N), i64Mul(get(LANES), i64(10n))), i64(8n))), i64(0x3030303030303030n)),
    ],
  }
})()

/** digits(n, at): writes a whole number below 10^18; answers the address behind it. */
const digits: WasmFunction = (() => {
  const [N, AT, COUNT, HIGH, TOP] = [0, 1, 2, 3, 4]
  const odd = i64Or(get(N), i64(1n))
  const eight = (n: Code) => call(EIGHT_DIGITS, n)
  /** The last digits of those of a first block of which there are `COUNT` and so many more in other blocks. */
  const first = (n: Code, more: number) => i64ShrU(eight(n), toI64(i32Shl(i32Sub(i32(8 + more), get(COUNT)), i32(3))))
  const split = set(HIGH, i64DivU(get(N), i64(100_000_000n)))
  const low = i64Sub(get(N), i64Mul(get(HIGH), i64(100_000_000n)))
  const behind = (back: number) => i32Add(get(AT), i32Sub(get(COUNT), i32(back)))
  return {
    name: 'digits',
    parameters: [I64, I32],
    result: I32,
    locals: [I32, I64, I64],
    code: [
      // Bits times log10(2), then one more or not.
      set(COUNT, i32ShrU(i32Mul(i32Sub(i32(64), toI32(i64Clz(odd))), i32(1233)), i32(12))),
      set(COUNT, i32Add(get(COUNT), i64GeU(odd, loadI64(i32Shl(get(COUNT), i32(3)), TENS_AT)))),
      when(
        i32LeS(get(COUNT), i32(8)),
        [storeI64(get(AT), first(get(N), 0))],
        [
          when(
            i32LeS(get(COUNT), i32(16)),
            [split, storeI64(get(AT), first(get(HIGH), 8))],
            [
              set(TOP, i64DivU(get(N), i64(10n ** 16n))),
              storeI64(get(AT), first(get(TOP), 16)),
              set(N, i64Sub(get(N), i64Mul(get(TOP), i64(10n ** 16n)))),
              split,
              storeI64(behind(16), eight(get(HIGH))),
            ],
          ),
          storeI64(behind(8), eight(low)),
        ],
      ),
      i32Add(get(AT), get(COUNT)),
    ],
  }
})()

/** highProduct(a, b): the upper 64 bits of the product. */
const highProduct: WasmFunction = (() => {
  const [A, B, LOW_HIGH, HIGH_LOW, MIDDLE] = [0, 1, 2, 3, 4]
  return {
    name: 'highProduct',
    parameters: [I64, I64],
    result: I64,
    locals: [I64, I64, I64],
    code: [
      set(LOW_HIGH, i64Mul(lowHalf(get(A)), highHalf(get(B)))),
      set(HIGH_LOW, i64Mul(highHalf(get(A)), lowHalf(get(B)))),
      set(MIDDLE, i64Add(highHalf(i64Mul(lowHalf(get(A)), lowHalf(get(B)))), i64Add(lowHalf(get(LOW_HIGH)), lowHalf(get(HIGH_LOW))))),
      i64Add(
        i64Add(i64Mul(highHalf(get(A)), highHalf(get(B))), highHalf(get(MIDDLE))),
        i64Add(highHalf(get(LOW_HIGH)), highHalf(get(HIGH_LOW))),
      ),
    ],
  }
})()

/** roundToOdd(high, low, n): the upper 64 of the 192 bits of a power times `n`, the last one set when there are more than can be left out. */
const roundToOdd: WasmFunction = (() => {
  const [HIGH, LOW, N, CARRIED, SUM] = [0, 1, 2, 3, 4]
  return {
    name: 'roundToOdd',
    parameters: [I64, I64, I64],
    result: I64,
    locals: [I64, I64],
    code: [
      set(CARRIED, call(HIGH_PRODUCT, get(LOW), get(N))),
      set(SUM, i64Add(i64Mul(get(HIGH), get(N)), get(CARRIED))),
      i64Or(i64Add(call(HIGH_PRODUCT, get(HIGH), get(N)), toI64(i64LtU(get(SUM), get(CARRIED)))), toI64(i64GtU(get(SUM), i64(1n)))),
    ],
  }
})()

// Of `writePoints`: parameters, then locals.
const [FROM, TO, AT] = [0, 1, 2]
const [END, START, LENGTH, K, Q, H, POINT, BEFORE_AT, IS_CLOSER, MS] = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
const [BITS, D, C, S, LOWER, UPPER, VALUE_AT_C, WHOLE, BEFORE, W0, W1, W2] = [13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]
const [V, T, MILLIONTHS] = [25, 26, 27]

const HIDDEN_BIT = 1n << 52n
/** The place of a power that goes with K. */
const power = (offset: number): Code => loadI64(i32Shl(i32Sub(i32(-POWER_MIN), get(K)), i32(4)), POWERS_AT + offset)
const scaled = (n: Code): Code => call(ROUND_TO_ODD, power(0), power(8), i64Shl(n, toI64(get(H))))
const quadruple = (n: Code): Code => i64Shl(n, i64(2n))
const four = i64(4n)

/** The shortest D for which D * 10^K reads back as the value, and of those the nearest: from C * 2^Q. May end in zeros. */
const shortest: readonly Code[] = [
  set(IS_CLOSER, i32And(i64Eq(get(C), i64(HIDDEN_BIT)), i32(1))),
  set(K, i32ShrS(i32Sub(i32Mul(get(Q), i32(1262611)), i32Mul(get(IS_CLOSER), i32(524031))), i32(22))),
  set(H, i32Add(i32Add(get(Q), i32(1)), i32ShrS(i32Mul(i32Sub(i32(0), get(K)), i32(1741647)), i32(19)))),
  set(LOWER, scaled(i64Add(i64Sub(quadruple(get(C)), i64(2n)), toI64(get(IS_CLOSER))))),
  set(VALUE_AT_C, scaled(quadruple(get(C)))),
  set(UPPER, scaled(i64Add(quadruple(get(C)), i64(2n)))),
  // An even one takes what is on its borders.
  set(LOWER, i64Add(get(LOWER), i64And(get(C), i64(1n)))),
  set(UPPER, i64Sub(get(UPPER), i64And(get(C), i64(1n)))),
  set(S, i64ShrU(get(VALUE_AT_C), i64(2n))),
  block(
    when(i64GeU(get(S), i64(10n)), [
      set(D, i64DivU(get(S), i64(10n))),
      set(W0, i64Mul(get(D), i64(40n))),
      set(W1, toI64(i64LeU(get(LOWER), get(W0)))),
      set(W2, toI64(i64LeU(i64Add(get(W0), i64(40n)), get(UPPER)))),
      when(i64Ne(get(W1), get(W2)), [set(D, i64Add(get(D), get(W2))), advance(K, i32(1)), br(2)]),
    ]),
    set(W0, quadruple(get(S))),
    set(W1, toI64(i64LeU(get(LOWER), get(W0)))),
    set(W2, toI64(i64LeU(i64Add(get(W0), four), get(UPPER)))),
    when(i64Ne(get(W1), get(W2)), [set(D, i64Add(get(S), get(W2))), br(1)]),
    set(W0, i64Add(get(W0), i64(2n))),
    set(
      D,
      i64Add(
        get(S),
        toI64(i32Or(i64GtU(get(VALUE_AT_C), get(W0)), i32And(i64Eq(get(VALUE_AT_C), get(W0)), toI32(i64And(get(S), i64(1n)))))),
      ),
    ),
  ),
]

const trimZeros: readonly Code[] = [
  set(W0, i64DivU(get(D), i64(1000n))),
  when(i64Eq(i64Mul(get(W0), i64(1000n)), get(D)), [set(D, get(W0)), advance(K, i32(3))]),
  block(
    loop(set(W0, i64DivU(get(D), i64(10n))), brIf(i64Ne(i64Mul(get(W0), i64(10n)), get(D)), 1), set(D, get(W0)), advance(K, i32(1)), br(0)),
  ),
]

/** D and K of the value, which is neither zero nor out of range. */
const decimal: readonly Code[] = [
  set(C, i64Or(i64And(get(BITS), i64(HIDDEN_BIT - 1n)), i64(HIDDEN_BIT))),
  set(Q, i32Sub(i32And(toI32(i64ShrU(get(BITS), i64(52n))), i32(0x7ff)), i32(1075))),
  set(K, i32(0)),
  block(
    // Whole numbers.
    when(i32And(i32LeS(get(Q), i32(0)), i32GtS(get(Q), i32(-53))), [
      set(W0, toI64(i32Sub(i32(0), get(Q)))),
      set(D, i64ShrU(get(C), get(W0))),
      brIf(i64Eq(i64Shl(get(D), get(W0)), get(C)), 1),
    ]),
    // A decimal of at most 15 digits is the shortest one of its float: two such decimals never share one.
    when(f64Lt(f64Abs(get(V)), f64(1e9)), [
      set(MILLIONTHS, f64Nearest(f64Mul(f64Abs(get(V)), f64(1e6)))),
      when(i32And(f64Eq(f64Div(get(MILLIONTHS), f64(1e6)), f64Abs(get(V))), f64Gt(get(MILLIONTHS), f64(0))), [
        set(D, i64OfF64(get(MILLIONTHS))),
        set(K, i32(-6)),
        ...trimZeros,
        br(2),
      ]),
    ]),
    ...shortest,
    ...trimZeros,
  ),
]

const loadWords = (address: Code): readonly Code[] => [
  set(W0, loadI64(address)),
  set(W1, loadI64(address, 8)),
  set(W2, loadI64(address, 16)),
]
const storeWords = (address: Code): readonly Code[] => [
  storeI64(address, get(W0)),
  storeI64(address, get(W1), 8),
  storeI64(address, get(W2), 16),
]
const ZEROS = i64(ascii('00000000'))

/** D * 10^K as text. */
const writeDecimal: readonly Code[] = [
  set(END, call(DIGITS, get(D), get(AT))),
  when(
    i32GeS(get(K), i32(0)),
    [storeI64(get(END), ZEROS), storeI64(get(END), ZEROS, 8), storeI64(get(END), ZEROS, 16), set(AT, i32Add(get(END), get(K)))],
    [
      // Digits before the point.
      set(POINT, i32Add(i32Sub(get(END), get(AT)), get(K))),
      when(
        i32GtS(get(POINT), i32(0)),
        [
          set(POINT, i32Add(get(AT), get(POINT))),
          ...loadWords(get(POINT)),
          storeByte(get(POINT), i32('.'.charCodeAt(0))),
          ...storeWords(i32Add(get(POINT), i32(1))),
          set(AT, i32Add(get(END), i32(1))),
        ],
        [
          ...loadWords(get(AT)),
          storeI64(get(AT), i64(ascii('0.000000'))),
          ...storeWords(i32Add(get(AT), i32Sub(i32(2), get(POINT)))),
          set(AT, i32Add(get(END), i32Sub(i32(2), get(POINT)))),
        ],
      ),
    ],
  ),
]

const writeTime: readonly Code[] = [
  set(WHOLE, i64OfF64(get(T))),
  set(D, i64DivU(get(WHOLE), i64(1000n))),
  set(MS, toI32(i64Sub(get(WHOLE), i64Mul(get(D), i64(1000n))))),
  set(AT, call(DIGITS, get(D), get(AT))),
  when(get(MS), [
    // Of the last four digits the first one is a zero, and becomes the point.
    storeI64(get(AT), i64Sub(i64ShrU(call(EIGHT_DIGITS, toI64(get(MS))), i64(32n)), i64(2n))),
    advance(AT, i32(4)),
  ]),
]

const writeValue: readonly Code[] = [
  set(START, get(AT)),
  when(i64LtS(get(BITS), i64(0n)), [storeByte(get(AT), i32('-'.charCodeAt(0))), advance(AT, i32(1))]),
  when(f64Eq(get(V), f64(0)), [storeByte(get(AT), i32('0'.charCodeAt(0))), advance(AT, i32(1))], [...decimal, ...writeDecimal]),
  set(LENGTH, i32Sub(get(AT), get(START))),
  set(BEFORE, get(BITS)),
  set(BEFORE_AT, get(START)),
]

const copyValue: readonly Code[] = [
  set(W0, loadI64(get(BEFORE_AT))),
  set(W1, loadI64(get(BEFORE_AT), 8)),
  set(W2, loadI64(get(BEFORE_AT), 16)),
  set(C, loadI64(get(BEFORE_AT), 24)),
  ...storeWords(get(AT)),
  storeI64(get(AT), get(C), 24),
  set(BEFORE_AT, get(AT)),
  advance(AT, get(LENGTH)),
]

const isAsDecimal = i32Or(i32And(f64Ge(f64Abs(get(V)), f64(1e-6)), f64Lt(f64Abs(get(V)), f64(1e21))), f64Eq(get(V), f64(0)))
const isTime = i32And(i32And(f64Ge(get(T), f64(0)), f64Lt(get(T), f64(1e15))), f64Eq(f64OfI64(i64OfF64(get(T))), get(T)))

/**
 * writePoints(from, to, at): writes `,[TIME,"VALUE"]` of the points between two places of the columns, and answers the address behind them. Notes where it stopped:
 * at the first one whose time is not in 0 … 10^15 ms, or whose value needs an exponent or is none.
 */
const writePoints: WasmFunction = {
  name: 'writePoints',
  parameters: [I32, I32, I32],
  result: I32,
  locals: [...new Array(10).fill(I32), ...new Array(12).fill(I64), F64, F64, F64],
  code: [
    // No value before the first one.
    set(BEFORE, i64(-1n)),
    block(
      loop(
        brIf(i32Eq(get(FROM), get(TO)), 1),
        set(V, loadF64(i32Shl(get(FROM), i32(3)), VALUES_AT)),
        set(T, loadF64(i32Shl(get(FROM), i32(3)), TIMES_AT)),
        brIf(i32Eq(i32And(isAsDecimal, isTime), i32(0)), 1),
        set(BITS, bitsOfF64(get(V))),
        storeI16(get(AT), pair(',[')),
        advance(AT, i32(2)),
        ...writeTime,
        storeI16(get(AT), pair(',"')),
        advance(AT, i32(2)),
        when(i64Eq(get(BITS), get(BEFORE)), copyValue, writeValue),
        storeI16(get(AT), pair('"]')),
        advance(AT, i32(2)),
        advance(FROM, i32(1)),
        br(0),
      ),
    ),
    storeI32(i32(STOPPED_AT), get(FROM)),
    get(AT),
  ],
}

export const POINT_KERNEL: readonly WasmFunction[] = [eightDigits, digits, highProduct, roundToOdd, writePoints]
