// From which size on the native checksum is faster: node src/base/crc32c.bench.ts
import { crc32c as native } from '@node-rs/crc32'
import { tableCrc32c } from './crc32c-tables.ts'

for (const size of [20, 64, 128, 256, 512, 1024, 65536]) {
  const bytes = new Uint8Array(size).fill(7)
  const measure = (run: () => void) => {
    const rounds = Math.ceil(2e7 / (size + 100))
    for (let i = 0; i < rounds / 10; i++) run()
    const start = performance.now()
    for (let i = 0; i < rounds; i++) run()
    return (((performance.now() - start) * 1e6) / rounds).toFixed(0)
  }
  console.log(
    `${size} bytes: ours ${measure(() => tableCrc32c(bytes, 0, size, 0))} ns, native ${measure(() => native(bytes.subarray(0, size), 0))} ns`,
  )
}
