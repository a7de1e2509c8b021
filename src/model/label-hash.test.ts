import assert from 'node:assert/strict'
import { test } from 'node:test'
import { xxHash64 } from './label-hash.ts'

// Known answers: github.com/cespare/xxhash, xxhash_test.go.
test('xxHash64 of texts of all lengths', () => {
  const check = (text: string, want: bigint) => assert.equal(xxHash64(Buffer.from(text)), want, text)
  check('', 0xef46db3751d8e999n)
  check('a', 0xd24ec4f1a98c6e5bn)
  check('as', 0x1c330fb2d66be179n)
  check('asd', 0x631c37ce72a97393n)
  check('asdf', 0x415872f599cea71en)
  check('Call me Ishmael. Some years ago--never mind how long precisely-', 0x02a2e85470d6fd96n)
})
