// What a chunk of floats costs: node src/chunkenc/xor.bench.ts
import { SampleColumns } from './codec.ts'
import { takeDecodeMemory } from './decode-memory.ts'
import { decodeXor, encodeXor, XorAppender } from './xor.ts'
import { decodeXor2, encodeXor2 } from './xor2.ts'
import { Xor2SampleEncoder } from './xor2-sample.ts'

const shapes: Record<string, (i: number) => number> = {
  constant: () => 1,
  counter: (i) => 1000 + i * 37,
  'counter that rises unevenly': (i) => 123456 + i * 37 + ((i * 7919) % 31),
  float: (i) => Math.sin(i) * 1000,
}

for (const [name, valueAt] of Object.entries(shapes)) {
  const times = Array.from({ length: 120 }, (_, i) => 1.7e12 + i * 15000 + (i % 7 === 0 ? 3 : 0))
  const values = times.map((_, i) => valueAt(i))
  const bytes = encodeXor(times, values)
  const out = new SampleColumns(128)
  const compiledOut = new SampleColumns(128, takeDecodeMemory())
  const memory = new Uint8Array(4096)
  const appender = new XorAppender(memory, 0, memory.length)
  // A start time that is reset in the middle.
  const startTimes = times.map((_, i) => (i < 60 ? 1.69e12 : times[59]))
  const bytes2 = encodeXor2(times, values, startTimes)
  const encoder2 = new Xor2SampleEncoder()
  const measure = (what: string, size: number, run: () => void) => {
    for (let i = 0; i < 2000; i++) run()
    const rounds = 10_000
    const start = performance.now()
    for (let i = 0; i < rounds; i++) run()
    const ns = ((performance.now() - start) * 1e6) / rounds / 120
    console.log(`${what} ${name}: ${ns.toFixed(1)} ns a sample, ${(size / 120).toFixed(2)} bytes a sample`)
  }
  measure('decode', bytes.length, () => {
    out.clear()
    decodeXor(bytes, 0, bytes.length, 0, 2e12, out)
  })
  measure('decode by the kernel', bytes.length, () => {
    compiledOut.clear()
    decodeXor(bytes, 0, bytes.length, 0, 2e12, compiledOut)
  })
  measure('encode', bytes.length, () => {
    appender.open(memory, 0, memory.length)
    for (let i = 0; i < 120; i++) appender.append(times[i], values[i])
  })
  measure('decode xor2 with start times', bytes2.length, () => {
    out.clear()
    decodeXor2(bytes2, 0, bytes2.length, 0, 2e12, out)
  })
  measure('encode xor2 with start times', bytes2.length, () => {
    encoder2.reset()
    for (let i = 0; i < 120; i++) encoder2.encode(times[i], values[i], startTimes[i], 0, i & 7)
  })
}
