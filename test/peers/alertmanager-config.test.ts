import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { compareMatchers, formatMatchers } from '../../src/alertmanager/label-matcher.ts'
import type { MatcherMode } from '../../src/alertmanager/matchers/matcher-mode.ts'
import { parseMatchers } from '../../src/alertmanager/matchers/parse-matchers.ts'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import { receiversOf, routeTree } from '../../src/commands/route-tree.ts'
import { parseAlertmanagerConfig } from '../../src/config/alertmanager.ts'
import { ConfigError } from '../../src/config/problems.ts'
import { Labels } from '../../src/model/labels.ts'
import { AlertmanagerGenerator } from '../support/alertmanager-generator.ts'
import { startAlertmanager } from '../support/alertmanagers.ts'
import { peer } from '../support/peers.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20260812)

async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'promontory-'))
  t.after(() => rm(directory, { recursive: true, maxRetries: 10 }))
  return directory
}

/** What our reader says is wrong; empty: nothing. */
function problemsOf(text: string): readonly string[] {
  try {
    parseAlertmanagerConfig('alertmanager.yml', text)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ message }) => message)
  }
}

/** What amtool says is wrong with each of many files; undefined: nothing. */
function verdicts(amtool: string, files: readonly string[]): readonly (string | undefined)[] {
  const { stdout } = spawnSync(amtool, ['check-config', ...files], { encoding: 'utf8' })
  return files.map((file) => {
    const start = stdout.indexOf(`Checking '${file}'`)
    assert.notEqual(start, -1, `amtool ended before ${file}`)
    const end = stdout.indexOf("Checking '", start + 1)
    const said = stdout.slice(start + `Checking '${file}'`.length, end < 0 ? undefined : end).trim()
    // Warnings of matchers may stand before it.
    const failure = said.indexOf('FAILED: ')
    return failure < 0 ? undefined : said.slice(failure + 'FAILED: '.length).trim()
  })
}

test('300 configurations, good and broken, are taken and refused as amtool 0.33 does, in its words', async (t) => {
  const amtool = peer(t, 'amtool 0.33')
  if (amtool === undefined) return
  const directory = await scratch(t)
  const generator = new AlertmanagerGenerator(virtualEnv({ seed: SEED }).random)
  const texts = Array.from({ length: 300 }, (_, index) => generator.config(index % 3).text)
  const files = texts.map((_, index) => join(directory, `${index}.yml`))
  for (const [index, file] of files.entries()) await writeFile(file, texts[index])
  let refused = 0
  for (const [index, verdict] of verdicts(amtool, files).entries()) {
    const problems = problemsOf(texts[index])
    assert.equal(problems.length > 0, verdict !== undefined, `${texts[index]}\nours: ${problems.join('; ')}\namtool: ${verdict}`)
    if (verdict === undefined) continue
    refused++
    // Of two faults each finds one first; and these are the YAML library's, which knows types of Go.
    if (index % 3 === 2 || verdict.startsWith('yaml: ')) continue
    assert.ok(
      problems.some((problem) => problem.trim() === verdict || problem.startsWith(`${verdict}, want `)),
      `${texts[index]}\nours: ${problems.join('; ')}\namtool: ${verdict}`,
    )
  }
  assert.ok(refused > 100 && refused < 250, `${refused} of 300 are refused`)
})

test('alerts go where amtool 0.33 says, through the same tree', async (t) => {
  const amtool = peer(t, 'amtool 0.33')
  if (amtool === undefined) return
  const directory = await scratch(t)
  const generator = new AlertmanagerGenerator(virtualEnv({ seed: SEED }).random)
  const file = join(directory, 'alertmanager.yml')
  const ask = (...args: readonly string[]) =>
    spawnSync(amtool, ['config', 'routes', ...args, `--config.file=${file}`], { encoding: 'utf8' }).stdout
  const ends = new Set<string>()
  for (let round = 0; round < 30; round++) {
    const { text } = generator.config(0)
    await writeFile(file, text)
    const { route } = parseAlertmanagerConfig(file, text).config
    // Warnings of matchers may stand before it.
    assert.ok(ask('show').endsWith(`Routing tree:\n${routeTree(route)}\n\n`), `${text}\n${ask('show')}\n${routeTree(route)}`)
    for (let alert = 0; alert < 5; alert++) {
      const typed = generator.labels()
      const labels = Labels.of(
        typed.map((label): [string, string] => [label.slice(0, label.indexOf('=')), JSON.parse(label.slice(label.indexOf('=') + 1))]),
      )
      const ours = receiversOf(route, labels)
      assert.equal(
        ask('test', ...typed)
          .trimEnd()
          .split('\n')
          .at(-1),
        ours,
        `${text} ${typed.join(' ')}`,
      )
      ends.add(ours)
    }
  }
  // With some seeds most alerts end at the root.
  assert.ok(ends.size > 3, `${ends.size} different ends`)
})

/** Every kind of receiver that says little itself. */
const EVERY_KIND = `
global: {slack_app_token: x, opsgenie_api_key: k, telegram_bot_token: t, wechat_api_secret: s, wechat_api_corp_id: c, victorops_api_key: v, rocketchat_token: r, rocketchat_token_id: i, mattermost_webhook_url: 'http://m/x', http_config: {proxy_url: 'http://u:p@proxy:1', tls_config: {insecure_skip_verify: true}}, smtp_smarthost: 'x:25', smtp_from: a@b, smtp_auth_password: y, jira_api_url: 'http://j'}
route: {receiver: all, group_by: ['...'], routes: [{matchers: [b=c, 'a=~"x|y"'], match_re: {q: w}, group_wait: 90s, continue: true}]}
inhibit_rules: [{source_matchers: [z=y, a=b], target_match: {c: d}, equal: [e]}]
receivers:
- name: all
  email_configs: [{to: a@b, headers: {x-mine: y}}, {to: a@b, from: c@d, smarthost: 'y:25', auth_password_file: /x, require_tls: false, text: z}]
  jira_configs: [{project: P, issue_type: Bug, fields: {a: {value: b}}, labels: [l]}, {api_url: 'http://k', project: P, issue_type: Bug}]
  slack_configs: [{channel: x, fields: [{title: a, value: b}], actions: [{type: button, text: t, url: 'http://u'}]}, {api_url: 'http://y'}]
  pagerduty_configs: [{routing_key: k, details: {z: y}}]
  opsgenie_configs: [{responders: [{type: team, name: n}]}, {api_key_file: /x}]
  telegram_configs: [{chat_id: 5}]
  discord_configs: [{webhook_url: 'http://d'}]
  msteams_configs: [{webhook_url: 'http://d'}]
  msteamsv2_configs: [{webhook_url: 'http://d'}]
  pushover_configs: [{user_key: u, token: t}]
  victorops_configs: [{routing_key: r}]
  wechat_configs: [{}]
  webex_configs: [{room_id: r, http_config: {authorization: {credentials: x}}}]
  sns_configs: [{topic_arn: x, sigv4: {region: r}}]
  rocketchat_configs: [{channel: c}]
  mattermost_configs: [{}]
  incidentio_configs: [{url: 'http://i', alert_source_token: t}]
  webhook_configs: [{url: 'http://i', payload: {a: [b, 1]}}]
- name: 'y'
time_intervals:
- name: n
  time_intervals: [{weekdays: ['monday:friday', sunday], months: ['may:august'], times: [{start_time: '09:00', end_time: '24:00'}], location: Europe/Berlin}]
`

test('a configuration with every kind of receiver is printed as Alertmanager 0.33 prints it', async (t) => {
  const command = peer(t, 'alertmanager 0.33')
  if (command === undefined) return
  const directory = await scratch(t)
  const { program } = await startAlertmanager({ command, directory, config: EVERY_KIND, peers: [] })
  t.after(() => program.stop())
  await program.ready()
  const { config } = JSON.parse(await program.text('/api/v2/status')) as { readonly config: { readonly original: string } }
  assert.equal(parseAlertmanagerConfig(join(directory, 'alertmanager.yml'), EVERY_KIND).toYaml(), config.original)
})

const PIECES = [
  'a',
  'foo',
  'b:c',
  'ü',
  '"',
  '"x"',
  '\\',
  '\\n',
  '\\"',
  '=',
  '!=',
  '=~',
  '!~',
  '!',
  '~',
  ',',
  '{',
  '}',
  ' ',
  '\t',
  '(',
  '.*',
  "'",
  '`',
  '[a-z]+',
  '1',
  '"a b"',
  '\\\\',
  '"\\x41"',
  '日',
]

test('matchers are read in each language as amtool 0.33 reads them, and refused in its words', async (t) => {
  const amtool = peer(t, 'amtool 0.33')
  if (amtool === undefined) return
  const file = join(await scratch(t), 'alertmanager.yml')
  const { random } = virtualEnv({ seed: SEED })
  const below = (limit: number) => Math.floor(random.next() * limit)
  const some = (max: number) => Array.from({ length: below(max) }, () => PIECES[below(PIECES.length)]).join('')
  const modes: readonly (readonly [MatcherMode, readonly string[]])[] = [
    ['classic', ['--enable-feature=classic-mode']],
    ['utf8-strict', ['--enable-feature=utf8-strict-mode']],
    ['fallback', []],
  ]
  for (let round = 0; round < 60; round++) {
    const text: string = below(2) === 0 ? some(8) : `foo${['=', '!=', '=~', '!~'][below(4)]}${some(4)}${below(3) === 0 ? ',a=b' : ''}`
    await writeFile(file, JSON.stringify({ route: { receiver: 'x', routes: [{ matchers: [text] }] }, receivers: [{ name: 'x' }] }))
    for (const [mode, flags] of modes) {
      const { status, stdout, stderr }: SpawnSyncReturns<string> = spawnSync(
        amtool,
        [...flags, 'config', 'routes', 'show', `--config.file=${file}`],
        {
          encoding: 'utf8',
        },
      )
      const theirs: string =
        status === 0
          ? stdout
              .split('└── ')
              .at(-1)!
              .replace(/ {2}receiver: x\s*$/, '')
          : stderr.split('amtool: error: ')[1].trimEnd()
      assert.equal(ours(text, mode).trimEnd(), theirs, `${mode} ${JSON.stringify(text)}`)
    }
  }
})

function ours(text: string, mode: MatcherMode): string {
  try {
    const matchers = [...parseMatchers(text, mode, () => {})].sort(compareMatchers)
    return matchers.length === 0 ? 'default-route' : formatMatchers(matchers)
  } catch (error) {
    return (error as Error).message
  }
}
