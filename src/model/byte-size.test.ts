import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatByteSize, parseByteSize } from './byte-size.ts'

test('sizes are read as upstream reads them', () => {
  const check = (text: string, want: number) => assert.equal(parseByteSize(text), want, text)
  check('0', 0)
  check('10B', 10)
  check('10KB', 10_240)
  check('10MB', 10_485_760)
  check('10MiB', 10_485_760)
  check('1.5GB', 1_610_612_736)
  check('1GiB512MiB', 1_610_612_736)
  const refuse = (text: string, want: string) => assert.throws(() => parseByteSize(text), { code: 'bad_data', message: want })
  refuse('10', 'units: unknown unit  in 10')
  refuse('10kb', 'units: unknown unit kb in 10kb')
  refuse('', 'units: invalid ')
  refuse('-1MB', 'units: invalid -1MB')
  refuse('8EB', 'units: 8EB is more than 8EB')
})

test('sizes are printed as upstream prints them', () => {
  const check = (sizeBytes: number, want: string) => assert.equal(formatByteSize(sizeBytes), want)
  check(0, '0B')
  check(10_485_760, '10MiB')
  check(1_610_612_736, '1GiB512MiB')
  check(1025, '1KiB1B')
})
