/**
 * Machine-independent code of the kind that WebAssembly runs, written as expressions: for the few loops over bits that take three times as long
 * in a language whose integers have 32 of them. Each expression is the bytes that leave its value on the stack, so they nest as they read.
 * Source: WebAssembly core specification 2.0, binary format.
 */
export type Code = readonly number[]

const I32 = 0x7f
const I64 = 0x7e
const F64 = 0x7c
export const ValueType = { i32: I32, i64: I64, f64: F64 } as const
export type ValueType = (typeof ValueType)[keyof typeof ValueType]

const NO_RESULT = 0x40

/** A number in 7 bits a byte, the sign in the last of them. */
function signed(value: bigint): Code {
  const bytes: number[] = []
  for (let rest = value; ; ) {
    const byte = Number(rest & 0x7fn)
    rest >>= 7n
    if ((rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0)) return [...bytes, byte]
    bytes.push(byte | 0x80)
  }
}

function unsigned(value: number): Code {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return [...bytes, rest]
}

const counted = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()]
const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes]

/** Locals, by their number. */
export const get = (local: number): Code => [0x20, ...unsigned(local)]
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)]

export const i32 = (value: number): Code => [0x41, ...signed(BigInt(value))]
export const i64 = (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))]
export const f64 = (value: number): Code => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)]

const unary =
  (...opcode: number[]) =>
  (a: Code): Code => [...a, ...opcode]
const binary =
  (...opcode: number[]) =>
  (a: Code, b: Code): Code => [...a, ...b, ...opcode]

export const i32Add = binary(0x6a)
export const i32Sub = binary(0x6b)
export const i32Mul = binary(0x6c)
export const i32And = binary(0x71)
export const i32Or = binary(0x72)
export const i32Shl = binary(0x74)
export const i32ShrS = binary(0x75)
export const i32ShrU = binary(0x76)
export const i32Eq = binary(0x46)
export const i32Ne = binary(0x47)
export const i32LtS = binary(0x48)
export const i32LtU = binary(0x49)
export const i32GtS = binary(0x4a)
export const i32GtU = binary(0x4b)
export const i32LeS = binary(0x4c)
export const i32GeS = binary(0x4e)
export const i32GeU = binary(0x4f)

export const i64Add = binary(0x7c)
export const i64Sub = binary(0x7d)
export const i64Mul = binary(0x7e)
export const i64DivU = binary(0x80)
export const i64And = binary(0x83)
export const i64Or = binary(0x84)
export const i64Xor = binary(0x85)
export const i64Shl = binary(0x86)
export const i64ShrS = binary(0x87)
export const i64ShrU = binary(0x88)
export const i64Eq = binary(0x51)
export const i64Ne = binary(0x52)
export const i64LtS = binary(0x53)
export const i64LtU = binary(0x54)
export const i64GtU = binary(0x56)
export const i64LeU = binary(0x58)
export const i64GeU = binary(0x5a)
export const i64GeS = binary(0x59)
export const i64Clz = unary(0x79)

export const f64Eq = binary(0x61)
export const f64Ne = binary(0x62)
export const f64Gt = binary(0x64)
export const f64Le = binary(0x65)
export const f64Ge = binary(0x66)
export const f64Lt = binary(0x63)
export const f64Abs = unary(0x99)
export const f64Floor = unary(0x9c)
/** To the nearest whole number, of two the even one. */
export const f64Nearest = unary(0x9e)
export const f64Add = binary(0xa0)
export const f64Mul = binary(0xa2)
export const f64Div = binary(0xa3)

export const toI32 = unary(0xa7)
export const toI64 = unary(0xad)
export const f64OfI64 = unary(0xb9)
export const f64OfI32 = unary(0xb7)
/** Rounded towards zero; what is out of range is the number of the range next to it. */
export const i32OfF64 = unary(0xfc, 0x02)
/** The same, without sign. */
export const i64OfF64 = unary(0xfc, 0x07)
export const bitsOfF64 = unary(0xbd)

/** Of little-endian memory; `offset` is added to the address. */
const load =
  (opcode: number, alignment: number) =>
  (address: Code, offset = 0): Code => [...address, opcode, alignment, ...unsigned(offset)]
const store =
  (opcode: number, alignment: number) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, opcode, alignment, ...unsigned(offset)]
export const loadByte = load(0x2d, 0)
export const loadF64 = load(0x2b, 3)
/** The 64 bits at an address of any alignment, the first byte the lowest. */
export const loadI64 = load(0x29, 0)
export const storeByte = store(0x3a, 0)
/** The lower 16 bits, at an address of any alignment. */
export const storeI16 = store(0x3b, 0)
export const storeI32 = store(0x36, 2)
export const storeI64 = store(0x37, 0)
export const storeF64 = store(0x39, 3)

/** The 64 bits at an address of any alignment, the first byte the highest. */
export const loadI64BigEndian = (address: Code): Code => [
  ...[...address, 0xfd, ...unsigned(0x5d), 0, 0], // v128.load64_zero
  ...[0xfd, 0x0c, ...new Array<number>(16).fill(0)], // v128.const: what the shuffle takes nothing of
  ...[0xfd, 0x0d, 7, 6, 5, 4, 3, 2, 1, 0, 8, 8, 8, 8, 8, 8, 8, 8], // i8x16.shuffle
  ...[0xfd, 0x1d, 0], // i64x2.extract_lane
]

const body = (parts: readonly Code[]): Code => parts.flat()

/** What `br` names by how many of `block`, `loop` and `when` lie between: 0 is the innermost. To a block it goes behind it, to a loop to its begin. */
export const block = (...parts: Code[]): Code => [0x02, NO_RESULT, ...body(parts), 0x0b]
export const loop = (...parts: Code[]): Code => [0x03, NO_RESULT, ...body(parts), 0x0b]
export const br = (depth: number): Code => [0x0c, ...unsigned(depth)]
export const brIf = (condition: Code, depth: number): Code => [...condition, 0x0d, ...unsigned(depth)]
export const when = (condition: Code, then: readonly Code[], otherwise?: readonly Code[]): Code => [
  ...condition,
  0x04,
  NO_RESULT,
  ...body(then),
  ...(otherwise === undefined ? [] : [0x05, ...body(otherwise)]),
  0x0b,
]
/** Calls a function of the module, by its place. */
export const call = (place: number, ...values: Code[]): Code => [...values.flat(), 0x10, ...unsigned(place)]
export const leave = (value: Code): Code => [...value, 0x0f]

export interface WasmFunction {
  readonly name: string
  readonly parameters: readonly ValueType[]
  readonly result: ValueType
  readonly locals: readonly ValueType[]
  readonly code: readonly Code[]
}

/** A module of the functions, which work on the memory that is imported as `env.memory`. */
export function wasmModule(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const name = (text: string): Code => sized([...new TextEncoder().encode(text)])
  const section = (id: number, content: Code): Code => [id, ...sized(content)]
  const types = functions.map(({ parameters, result }): Code => [0x60, ...counted(parameters.map((type) => [type])), 1, result])
  const bodies = functions.map(({ locals, code }) => sized([...counted(locals.map((type): Code => [1, type])), ...body(code), 0x0b]))
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, counted(types)),
    ...section(2, counted([[...name('env'), ...name('memory'), 0x02, 0x00, 0x01]])),
    ...section(3, counted(functions.map((_, i) => unsigned(i)))),
    ...section(7, counted(functions.map((one, i): Code => [...name(one.name), 0x00, ...unsigned(i)]))),
    ...section(10, counted(bodies)),
  ])
}
