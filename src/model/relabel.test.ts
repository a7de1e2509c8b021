import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from './labels.ts'
import { hashMod, relabel, relabelConfig } from './relabel.ts'

type Step = Parameters<typeof relabelConfig>[0]

function check(title: string, input: Record<string, string>, steps: readonly Step[], want: Record<string, string> | null): void {
  test(title, () => {
    const got = relabel(Labels.of(input), steps.map(relabelConfig))
    assert.equal(got?.toString() ?? null, want === null ? null : Labels.of(want).toString())
  })
}

const some = /some-([^-]+)-([^,]+)/.source

check('replace fills groups in', { a: 'foo' }, [{ sourceLabels: ['a'], regex: 'f(.*)', targetLabel: 'd', replacement: 'ch${1}-ch${1}' }], {
  a: 'foo',
  d: 'choo-choo',
})
check(
  'steps see what earlier steps did',
  { a: 'foo', b: 'bar', c: 'baz' },
  [
    { sourceLabels: ['a', 'b'], regex: 'f(.*);(.*)r', targetLabel: 'a', replacement: 'b${1}${2}m' },
    { sourceLabels: ['c', 'a'], regex: '(b).*b(.*)ba(.*)', targetLabel: 'd', replacement: '$1$2$2$3' },
  ],
  { a: 'boobam', b: 'bar', c: 'baz', d: 'boooom' },
)
check('the separator joins sources', { a: '1', b: '2' }, [{ sourceLabels: ['a', 'none', 'b'], separator: '/', targetLabel: 'c' }], {
  a: '1',
  b: '2',
  c: '1//2',
})
check('without a match nothing is replaced', { a: 'boo' }, [{ sourceLabels: ['a'], regex: 'f', targetLabel: 'b', replacement: 'bar' }], {
  a: 'boo',
})
check(
  'an empty result removes the target',
  { a: 'foo', b: 'x' },
  [{ sourceLabels: ['a'], regex: 'foo', targetLabel: 'b', replacement: '' }],
  { a: 'foo' },
)
check('the defaults copy', { a: 'x\ny' }, [{ sourceLabels: ['a'], targetLabel: 'b' }], { a: 'x\ny', b: 'x\ny' })
check('no source and a literal set a label', {}, [{ targetLabel: 'b', replacement: 'static' }], { b: 'static' })
check(
  'the target is filled in as well',
  { a: 'some-name-value' },
  [{ sourceLabels: ['a'], regex: some, targetLabel: '${1}', replacement: '${2}' }],
  { a: 'some-name-value', name: 'value' },
)
check(
  'a group that is not there is empty',
  { a: 'some-name-value' },
  [{ sourceLabels: ['a'], regex: some, targetLabel: '${1}', replacement: '${3}' }],
  { a: 'some-name-value' },
)
check(
  'a target that is empty once filled in changes nothing',
  { a: 'some-name-0' },
  [{ sourceLabels: ['a'], regex: some, targetLabel: '${3}', replacement: '${1}' }],
  { a: 'some-name-0' },
)
check(
  'drop drops what matches',
  { a: 'foo' },
  [
    { sourceLabels: ['a'], regex: '.*o.*', action: 'drop' },
    { targetLabel: 'd', replacement: 'x' },
  ],
  null,
)
check('drop keeps what does not', { a: 'foo' }, [{ sourceLabels: ['a'], regex: 'f|o', action: 'drop' }], { a: 'foo' })
check('keep keeps what matches', { a: 'foo' }, [{ sourceLabels: ['a'], regex: 'f.*', action: 'keep' }], { a: 'foo' })
check('keep drops what does not', { a: 'foo' }, [{ sourceLabels: ['a'], regex: 'no-match', action: 'keep' }], null)
check('hashmod is upstream’s', { c: 'baz' }, [{ sourceLabels: ['c'], targetLabel: 'd', action: 'hashmod', modulus: 1000 }], {
  c: 'baz',
  d: '976',
})
check(
  'hashmod of a text with a newline',
  { a: 'foo\nbar' },
  [{ sourceLabels: ['a'], targetLabel: 'b', action: 'hashmod', modulus: 1000 }],
  { a: 'foo\nbar', b: '734' },
)
check('labelmap copies by name', { a: 'foo', b1: 'bar', b2: 'baz' }, [{ regex: '(b.*)', replacement: 'bar_${1}', action: 'labelmap' }], {
  a: 'foo',
  b1: 'bar',
  b2: 'baz',
  bar_b1: 'bar',
  bar_b2: 'baz',
})
check('labelmap strips a prefix', { __meta_my_bar: 'aaa', __meta_other: 'ccc' }, [{ regex: '__meta_(my.*)', action: 'labelmap' }], {
  __meta_my_bar: 'aaa',
  __meta_other: 'ccc',
  my_bar: 'aaa',
})
check('labeldrop removes by name', { a: 'foo', b1: 'bar', b2: 'baz' }, [{ regex: '(b.*)', action: 'labeldrop' }], { a: 'foo' })
check('labelkeep removes the others', { a: 'foo', b1: 'bar', b2: 'baz' }, [{ regex: '(b.*)', action: 'labelkeep' }], {
  b1: 'bar',
  b2: 'baz',
})
check(
  'case changes',
  { foo: 'bAr123Foo' },
  [
    { sourceLabels: ['foo'], targetLabel: 'up', action: 'uppercase' },
    { sourceLabels: ['foo'], targetLabel: 'low', action: 'lowercase' },
  ],
  { foo: 'bAr123Foo', low: 'bar123foo', up: 'BAR123FOO' },
)
check(
  'case changes keep the number of characters',
  { foo: 'Straße ᾳΣ' },
  [
    { sourceLabels: ['foo'], targetLabel: 'up', action: 'uppercase' },
    { sourceLabels: ['foo'], targetLabel: 'low', action: 'lowercase' },
  ],
  { foo: 'Straße ᾳΣ', low: 'straße ᾳσ', up: 'STRAßE ᾼΣ' },
)
check('İ has a simple lower case', { foo: 'İ' }, [{ sourceLabels: ['foo'], targetLabel: 'foo', action: 'lowercase' }], { foo: 'i' })
check('keepequal keeps equals', { a: '1', b: '1' }, [{ sourceLabels: ['a'], targetLabel: 'b', action: 'keepequal' }], { a: '1', b: '1' })
check('keepequal drops others', { a: '1', b: '2' }, [{ sourceLabels: ['a'], targetLabel: 'b', action: 'keepequal' }], null)
check('dropequal drops equals', { a: '1', b: '1' }, [{ sourceLabels: ['a'], targetLabel: 'b', action: 'dropequal' }], null)
check('dropequal keeps others', { a: '1', b: '2' }, [{ sourceLabels: ['a'], targetLabel: 'b', action: 'dropequal' }], { a: '1', b: '2' })
check(
  'anchors of one’s own are fine',
  { __meta_port: 'foo', __meta_a: '9091' },
  [
    { regex: '^__meta_port$', action: 'labeldrop' },
    { sourceLabels: ['__meta_a'], regex: '(.+)', targetLabel: '__meta_port', replacement: 'metrics' },
    { sourceLabels: ['__meta_port'], regex: '^metrics$', action: 'keep' },
  ],
  { __meta_a: '9091', __meta_port: 'metrics' },
)
check(
  'tags of a registry become labels',
  { __meta_sd_tags: 'path:/secret,job:some-job,label:foo=bar' },
  [
    { sourceLabels: ['__meta_sd_tags'], regex: '(?:.+,|^)path:(/[^,]+).*', targetLabel: '__metrics_path__', replacement: '${1}' },
    { sourceLabels: ['__meta_sd_tags'], regex: '(?:.+,|^)label:([^=]+)=([^,]+).*', targetLabel: '${1}', replacement: '${2}' },
  ],
  { __meta_sd_tags: 'path:/secret,job:some-job,label:foo=bar', __metrics_path__: '/secret', foo: 'bar' },
)

test('hashmod is exact for every size of modulus', () => {
  // The last 8 bytes of the MD5 sum of an empty text are e9800998ecf8427e.
  assert.equal(hashMod('', 4294967296), String(0xecf8427e))
  for (const modulus of [1, 2, 3, 1000, 0x200000, 0x200001, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
    assert.equal(hashMod('', modulus), String(0xe9800998ecf8427en % BigInt(modulus)))
  }
})
