import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as code from './wasm-code.ts'

declare const WebAssembly: {
  validate(bytes: Uint8Array<ArrayBuffer>): boolean
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer }
  Instance: new (module: object, imports: object) => { readonly exports: Record<string, (...numbers: unknown[]) => number | bigint> }
}

function run(functions: readonly code.WasmFunction[]) {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code.wasmModule(functions)), { env: { memory } })
  return { exports, memory: new Uint8Array(memory.buffer) }
}

const { i32, i64, f64 } = code.ValueType
const returns = (result: code.ValueType, expression: code.Code): code.WasmFunction => ({
  name: 'f',
  parameters: [],
  result,
  locals: [],
  code: [expression],
})

test('numbers of every length keep their value and sign', () => {
  for (const n of [0, 1, 63, 64, -64, -65, 8191, -8192, 8192, 2 ** 31 - 1, -(2 ** 31)])
    assert.equal(run([returns(i32, code.i32(n))]).exports.f(), n)
  for (const n of [0n, 64n, -65n, 2n ** 63n - 1n, -(2n ** 63n)]) assert.equal(run([returns(i64, code.i64(n))]).exports.f(), n)
  for (const n of [0, -0, 1.5, -1e308, Number.POSITIVE_INFINITY]) assert.ok(Object.is(run([returns(f64, code.f64(n))]).exports.f(), n))
})

test('a loop with a way out, and a choice', () => {
  // The sum of the even bytes among the first so many.
  const [COUNT, AT, SUM] = [0, 1, 2]
  const sumOfEven: code.WasmFunction = {
    name: 'sumOfEven',
    parameters: [i32],
    result: i32,
    locals: [i32, i32],
    code: [
      code.block(
        code.loop(
          code.brIf(code.i32GeU(code.get(AT), code.get(COUNT)), 1),
          code.when(
            code.i32And(code.loadByte(code.get(AT)), code.i32(1)),
            [],
            [code.set(SUM, code.i32Add(code.get(SUM), code.loadByte(code.get(AT))))],
          ),
          code.set(AT, code.i32Add(code.get(AT), code.i32(1))),
          code.br(0),
        ),
      ),
      code.get(SUM),
    ],
  }
  const { exports, memory } = run([returns(i32, code.i32(7)), sumOfEven])
  memory.set([1, 2, 3, 4, 5, 200])
  assert.equal(exports.sumOfEven(5), 6)
  assert.equal(exports.sumOfEven(6), 206)
  assert.equal(exports.f(), 7)
})

test('64 bits at any address, the first byte the highest', () => {
  const { exports, memory } = run([{ name: 'at', parameters: [i32], result: i64, locals: [], code: [code.loadI64BigEndian(code.get(0))] }])
  memory.set([9, 0xff, 2, 3, 4, 5, 6, 7, 8])
  assert.equal(exports.at(1), BigInt.asIntN(64, 0xff02030405060708n))
  assert.equal(exports.at(0), 0x09ff020304050607n)
})
