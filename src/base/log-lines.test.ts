import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog, type LogFormat, logfmtLine } from './log-lines.ts'

function logged(format: LogFormat): string {
  let text = ''
  const log = createLog({
    level: 'info',
    format,
    now: () => 0,
    write: (line) => {
      text += line
    },
  })
  log.debug('not shown')
  log.with({ component: 'tsdb' }).info('log replayed', { segments: 3, durationMs: 12.5, note: 'a "b"', missing: undefined })
  log.error('scrape pool', { error: new Error('no route') })
  return text
}

test('lines are logfmt by default, in the order of upstream', () => {
  assert.equal(
    logged('logfmt'),
    'time=1970-01-01T00:00:00.000Z level=INFO msg="log replayed" component=tsdb segments=3 durationMs=12.5 note="a \\"b\\""\n' +
      'time=1970-01-01T00:00:00.000Z level=ERROR msg="scrape pool" error="no route"\n',
  )
})

test('values are quoted where Go quotes them, and as Go does', () => {
  const check = (value: string, want: string) =>
    assert.equal(logfmtLine({ time: 't', level: 'INFO', msg: 'm', value }), `time=t level=INFO msg=m value=${want}\n`)
  check('', '""')
  check('C:\\data', 'C:\\data')
  check('häuser<b>日', 'häuser<b>日')
  check('a b', '"a b"')
  check('a=b', '"a=b"')
  check('\x01\x1b[31m\x7f\n', '"\\x01\\x1b[31m\\x7f\\n"')
  check('\x7f', '\x7f')
  check('x\u00a0y\u2028', '"x\\u00a0y\\u2028"')
  check('\ufffd', '"\ufffd"')
})

test('lines are JSON by flag', () => {
  const [first] = logged('json').split('\n')
  assert.deepEqual(JSON.parse(first), {
    level: 'INFO',
    time: '1970-01-01T00:00:00.000Z',
    component: 'tsdb',
    segments: 3,
    durationMs: 12.5,
    note: 'a "b"',
    msg: 'log replayed',
  })
})
