import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flag, flagHelp, flagMarkdown, flagTexts, parseFlags } from './flags.ts'

const table = {
  path: flag.text({ default: 'data/', help: 'A path.' }),
  address: flag.texts({ default: ['0.0.0.0:9090'], help: 'An address.' }),
  features: flag.texts({ default: [], separated: true, help: 'Features.' }),
  lifecycle: flag.boolean({ default: false, help: 'A switch.' }),
  count: flag.integer({ default: 20, help: 'A | number.' }),
  age: flag.duration({ default: 300_000, help: 'A duration.' }),
  size: flag.bytes({ default: 0, help: 'A size.' }),
  level: flag.choice(['info', 'warn'], { default: 'info', help: 'A level.' }),
  ratio: flag.float({ default: 0.9, help: 'A ratio.', status: 'retired' }),
  'old-age': flag.duration<number | undefined>({ default: undefined, help: 'Once age.', status: 'retired', aliasOf: 'age' }),
  later: flag.text({ default: '', help: 'Not yet.', status: 'unsupported' }),
}

test('flags take values in both forms, switches none', () => {
  const { values, given } = parseFlags(
    ['--path=/x=y', '--count', '5e3', '--lifecycle', '--age=1h30m', '--size=1KB', '--level', 'warn'],
    table,
  )
  assert.deepEqual(values, {
    path: '/x=y',
    address: ['0.0.0.0:9090'],
    features: [],
    lifecycle: true,
    count: 5000,
    age: 5_400_000,
    size: 1024,
    level: 'warn',
    ratio: 0.9,
    'old-age': undefined,
    later: '',
  })
  assert.deepEqual([...given], ['path', 'count', 'lifecycle', 'age', 'size', 'level'])
  assert.equal(parseFlags(['--no-lifecycle'], table).values.lifecycle, false)
  assert.equal(parseFlags(['--lifecycle=true'], table).values.lifecycle, true)
  assert.equal(parseFlags(['--path='], table).values.path, '')
  assert.equal(parseFlags(['-h'], table).help, true)
})

test('repeated flags collect, and the first replaces the default', () => {
  const { values } = parseFlags(['--address=a:1', '--address', 'b:2', '--features=x,y', '--features=z'], table)
  assert.deepEqual(values.address, ['a:1', 'b:2'])
  assert.deepEqual(values.features, ['x', 'y', 'z'])
})

test('flags without effect say so once', () => {
  const { warnings, values } = parseFlags(['--later=x', '--ratio=0.5', '--old-age=1m'], table)
  assert.deepEqual(warnings, [
    '--later is not supported yet and is ignored',
    '--ratio is retired or internal to Prometheus and has no effect',
    '--old-age is retired, --age has taken its place',
  ])
  assert.equal(values.age, 60_000)
  assert.equal(parseFlags(['--age=2m', '--old-age=1m'], table).values.age, 120_000)
  assert.equal(parseFlags(['--old-age=1m', '--age=2m'], table).values.age, 120_000)
})

test('what cannot be understood is refused by name', () => {
  const check = (args: readonly string[], message: string) => assert.throws(() => parseFlags(args, table), { code: 'bad_data', message })
  check(['--pth=x'], "unknown long flag '--pth', did you mean --path?")
  check(['--nothing-like-it'], "unknown long flag '--nothing-like-it'")
  check(['--no-path'], "unknown long flag '--no-path', did you mean --path?")
  check(['--path'], "expected argument for flag '--path'")
  check(['--path=a', '--path=b'], "flag 'path' cannot be repeated")
  check(['file'], 'unexpected file, want flags only')
  check(['--count=many'], '--count: found "many", want a whole number')
  check(['--age=5'], '--age: not a valid duration string: "5"')
  check(['--size=5'], '--size: units: unknown unit  in 5')
  check(['--level=loud'], '--level: found "loud", want one of info, warn')
  check(['--lifecycle=maybe'], '--lifecycle: found "maybe", want true or false')
  check(['--no-lifecycle=true'], '--no-lifecycle takes no value, found "true"')
  check(['--constructor=x'], "unknown long flag '--constructor'")
})

test('a table explains itself', () => {
  assert.match(flagHelp(table), / {2}--path=data\/\n {6}A path\.\n {2}--address=0\.0\.0\.0:9090 \.\.\.\n/)
  assert.match(flagHelp(table), / {2}--\[no-\]lifecycle\n/)
  assert.doesNotMatch(flagHelp(table), /later/)
  assert.match(flagMarkdown(table), /\| `--count` \| `20` \| supported \| A \\\| number\. \|/)
  assert.equal(flagTexts(table, parseFlags(['--age=90s'], table).values).age, '1m30s')
})
