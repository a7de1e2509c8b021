import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { virtualEnv } from '../src/base/env-virtual.ts'
import { testAlerts } from '../src/commands/test-alerts.ts'
import { ROOT } from './support/program.ts'

const FOLDER = join(ROOT, 'test/alerts')

async function run(files: Readonly<Record<string, string>>, args: readonly string[]): Promise<{ code: number; lines: string[] }> {
  const env = virtualEnv()
  for (const [name, text] of Object.entries(files)) await env.fs.writeFile(`/${name}`, text)
  const lines: string[] = []
  const code = await testAlerts(args, { env, out: (line) => lines.push(line), err: (line) => lines.push(`! ${line}`) })
  return { code, lines }
}

for (const name of readdirSync(FOLDER).filter((name) => name.endsWith('.test.yml'))) {
  test(`alerts are routed as test/alerts/${name} says`, async () => {
    const text = await readFile(join(FOLDER, name), 'utf8')
    const config = /^config: (.*)$/m.exec(text)![1]
    const files = {
      [name]: text.replace(/^config: .*$/m, 'config: alertmanager.yml'),
      'alertmanager.yml': await readFile(join(FOLDER, config), 'utf8'),
    }
    const { code, lines } = await run(files, [`/${name}`])
    assert.equal(code, 0, lines.join('\n'))
    assert.match(lines.at(-1)!, /^ {2}SUCCESS: [1-9]/)
  })
}

const CONFIG = 'route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: http://x}]}]\n'

test('what is not as expected fails the file, with the test and the time', async () => {
  const file = (notifications: string, steps = 'fire: [{labels: {alertname: A}}]') =>
    `config: a.yml\ntests:\n- name: one\n  steps: [{at: 0s, ${steps}}]\n  for: 1m\n  notifications: [${notifications}]\n`
  const check = async (text: string, ...want: readonly string[]) => {
    const { code, lines } = await run({ 'a.yml': CONFIG, 't.yml': text }, ['/t.yml'])
    assert.deepEqual(lines, ['Testing:  /t.yml', ...want])
    assert.equal(code, want[0].startsWith('!') ? 1 : 0)
  }
  await check(file('{at: 30s, receiver: a}'), '  SUCCESS: 1 test')
  await check(file(''), '!   FAILED:', '!     one', '!       at 30s to a: group {} with firing {alertname="A"} came and is not expected')
  await check(file('{at: 29s, receiver: a}, {at: 30s, receiver: a}'), '!   FAILED:', '!     one', '!       at 29s to a: nothing came')
  await check(file('', 'resolve: [{alertname: A}]'), '!   FAILED:', '!     one', '!       there is no alert {alertname="A"} to resolve')
  await check(file('', 'expire: [x]'), '!   FAILED:', '!     one', '!       there is no silence "x" to expire')
  await check(
    file('{at: 30s}', "silence: [{matchers: ['a=~('], for: 1h}]"),
    '!   /t.yml:4:42: error parsing regexp: missing closing ): `^(?:()$`',
    '!   /t.yml:6:19: found no receiver',
  )
})

test('files that cannot be used, and templates that cannot, are told of', async () => {
  const tests =
    'tests: [{name: one, steps: [{at: 0s, fire: [{labels: {alertname: A}}]}], for: 1m, notifications: [{at: 30s, receiver: a}]}]'
  assert.deepEqual((await run({ 't.yml': `config: none.yml\n${tests}` }, ['/t.yml'])).lines.at(-1), '!   /none.yml:1:1: no such file')
  const broken = CONFIG.replace('http://x', "'http://{{ .Nothing }}/'")
  const { code, lines } = await run({ 'a.yml': broken, 't.yml': `config: a.yml\n${tests}` }, ['/t.yml'])
  assert.equal(code, 1)
  assert.match(lines.at(-1)!, /at 30s to a \(webhook\): .*Nothing/)
  assert.deepEqual(await run({}, []), { code: 2, lines: ['! test alerts: found no FILE, want FILE'] })
  const run2 = await run({ 'a.yml': CONFIG, 't.yml': `config: a.yml\n${tests}` }, ['/t.yml', '--run=^tw'])
  assert.deepEqual(run2.lines.at(-1), '  SUCCESS: 0 tests')
})
