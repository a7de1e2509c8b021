import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { SampleColumns } from './codec.ts'
import { giveBackDecodeMemory, takeDecodeMemory } from './decode-memory.ts'
import { decodeXor, encodeXor } from './xor.ts'

const run = promisify(execFile)
const times = Array.from({ length: 100 }, (_, i) => 1.7e12 + 15_000 * i)
const SCRIPT = `
  import { SampleColumns } from '${import.meta.resolve('./codec.ts')}'
  import { takeDecodeMemory } from '${import.meta.resolve('./decode-memory.ts')}'
  import { decodeXor, encodeXor } from '${import.meta.resolve('./xor.ts')}'
  // As the engine is that was started without a compiler; that which takes the types away needs one.
  if (process.argv[1] === 'none') delete globalThis.WebAssembly
  let asked = 0
  if (process.argv[1] === 'full')
    WebAssembly.Memory = function () {
      asked++
      throw new RangeError('WebAssembly.Memory(): could not allocate memory')
    }
  const times = ${JSON.stringify(times)}
  const bytes = encodeXor(times, times.map(Math.sqrt))
  const memories = [takeDecodeMemory(), takeDecodeMemory()]
  const out = new SampleColumns(0, memories[0])
  decodeXor(bytes, 0, bytes.length, 0, 2e12, out)
  console.log(memories.map((one) => typeof one).join(), asked, out.length, out.values[99] === Math.sqrt(times[99]))
`

async function said(engine: 'whole' | 'none' | 'full'): Promise<string> {
  return (await run(process.execPath, ['--input-type=module', '-e', SCRIPT, engine])).stdout.trim()
}

test('where the engine may not compile, or has no room for what it compiles for, chunks are decoded all the same', async () => {
  assert.deepEqual(await Promise.all([said('whole'), said('none'), said('full')]), [
    'object,object 0 100 true',
    'undefined,undefined 0 100 true',
    'undefined,undefined 1 100 true',
  ])
})

test('those that decode at the same time have memories of their own, and what is given back is used again', () => {
  const bytes = [Math.sqrt, Math.cbrt, Math.sin].map((f) => encodeXor(times, times.map(f)))
  const memories = bytes.map(takeDecodeMemory)
  assert.equal(new Set(memories).size, 3)
  const columns = memories.map((memory) => new SampleColumns(0, memory))
  for (let from = 0; from < times.length; from += 10)
    for (const [i, out] of columns.entries()) decodeXor(bytes[i], 0, bytes[i].length, times[from], times[from + 9], out)
  for (const [i, f] of [Math.sqrt, Math.cbrt, Math.sin].entries()) {
    assert.deepEqual([...columns[i].timestamps.subarray(0, 100)], times)
    assert.deepEqual([...columns[i].values.subarray(0, 100)], times.map(f))
  }
  // One that has become large is not kept.
  columns[2].reserve(1e6)
  for (const memory of memories) giveBackDecodeMemory(memory)
  const again = bytes.map(takeDecodeMemory)
  assert.deepEqual(
    memories.map((memory) => again.includes(memory)),
    [true, true, false],
  )
  for (const memory of again) giveBackDecodeMemory(memory)
})
