import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer, until } from '../support/program.ts'

const RULES = {
  groups: [
    {
      name: 'a',
      interval: '1s',
      limit: 5,
      labels: { team: 'core' },
      rules: [
        { record: 'rec:one', expr: 'vector(1)', labels: { zone: 'z' } },
        { record: 'rec:bare', expr: 'count({__name__=~"rec:.*"})' },
        {
          alert: 'Always',
          expr: 'vector(1) > 0',
          labels: { severity: 'page' },
          annotations: { summary: 'is {{ $value }}', asked: '{{ with query "rec:one" }}{{ . | first | value }}{{ end }}' },
        },
        { alert: 'Waits', expr: 'rec:one', for: '1h', keep_firing_for: '5m' },
        { alert: 'Fails', expr: 'rec:one * on() group_left() {__name__=~"rec:.*"}' },
        { alert: 'Texts', expr: 'vector(3)', labels: { empty: '' }, annotations: { x: '{{ .Nope }}', y: '{{ template "q" }}' } },
      ],
    },
    { name: 'empty', rules: [] },
    {
      name: 'late',
      interval: '1000h',
      rules: [
        { alert: 'Never', expr: 'up==0' },
        { record: 'rare', expr: 'up' },
      ],
    },
    {
      name: 'b',
      interval: '1s',
      rules: [
        { alert: 'Always', expr: 'vector(0)' },
        { record: 'x', expr: 'vector(1)' },
      ],
    },
  ],
}

const MORE = {
  groups: [
    {
      name: 'a',
      interval: '1s',
      limit: 1,
      rules: [
        { record: 'many', expr: '{__name__=~"rec:.*"}' },
        { alert: 'Many', expr: '{__name__=~"rec:.*"}' },
      ],
    },
  ],
}

const QUERIES = [
  '',
  ...['alert', 'record', 'ALERT', 'x', ''].map((type) => `type=${type}`),
  ...['Always', 'Always&rule_name[]=rare', 'none', ''].map((name) => `rule_name[]=${name}`),
  ...['a', 'a&rule_group[]=late', 'none', ''].map((name) => `rule_group[]=${name}`),
  ...['rules.json', 'more.json', '/rules.json', ''].map((name) => `file[]=${name}`),
  ...['true', '1', 'F', 'maybe', ''].map((flag) => `exclude_alerts=${flag}`),
  ...['{team="core"}', '{team="core"}&match[]={zone="z"}', '{team=~".*"}', '{team=""}', '{team!=""}', 'up{team="core"}', 'up', '{', ''].map(
    (selector) => `match[]=${selector}`,
  ),
  ...['1', '2', '9', '0', '-1', 'x', '1.5', '3000000000', '99999999999999999999', ''].map((limit) => `group_limit=${limit}`),
  'group_next_token=abc',
  'group_limit=1&group_next_token=abc',
  'group_limit=1&rule_name[]=rare',
  'group_limit=1&type=record',
  'group_limit=2&rule_name[]=Always',
  'group_limit=1&rule_group[]=b',
  'type=alert&rule_name[]=many',
]

const VARYING = new Set(['evaluationTime', 'activeAt'])

/** An answer without what hangs on the moment. */
async function answer({ url }: Program, path: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/${path}`)
  const body = JSON.parse(await response.text(), (key, value) => {
    if (VARYING.has(key)) return typeof value
    return key === 'lastEvaluation' && !value.startsWith('0001') ? 'a time' : value
  })
  return JSON.stringify([response.status, response.headers.get('content-type'), body], null, 1)
}

test('Prometheus 3.5 answers the same about rules and alerts, whatever is asked for', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-rules-'))
  const programs: Program[] = []
  t.after(async () => {
    await Promise.all(programs.map((program) => program.stop()))
    rmSync(directory, { recursive: true, force: true })
  })
  writeFileSync(join(directory, 'rules.json'), JSON.stringify(RULES))
  writeFileSync(join(directory, 'more.json'), JSON.stringify(MORE))
  const configFile = join(directory, 'prometheus.json')
  writeFileSync(configFile, JSON.stringify({ global: { external_labels: { region: 'eu' } }, rule_files: ['rules.json', 'more.json'] }))
  mkdirSync(join(directory, 'ours'))
  const port = await freePort()
  programs.push(
    await startServer({ configFile, dataDir: join(directory, 'ours') }),
    new Program(
      binary,
      [`--config.file=${configFile}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`],
      `http://127.0.0.1:${port}`,
    ),
  )
  const [ours, theirs] = programs
  for (const program of programs) {
    await program.ready()
    // The rules see each other, those that fail have failed, and only the group of 1,000 hours still waits for its turn.
    await until('evaluations', 60_000, async () => {
      if (!(await answer(program, 'rules')).includes('exceeded limit of 1 with 2 alerts')) return false
      const { groups } = await program.api<{ groups: { name: string; lastEvaluation: string; rules: object[] }[] }>('rules')
      return groups.every(({ name, lastEvaluation, rules }) => name === 'late' || rules.length === 0 || !lastEvaluation.startsWith('0001'))
    })
  }
  const { groupNextToken } = await ours.api<{ groupNextToken: string }>('rules', { group_limit: 1 })
  const filters = ['', '&rule_name[]=rare', '&rule_group[]=late', '&rule_group[]=b', '&type=record', '&file[]=more.json']
  const pages = filters.map((filter) => `group_limit=1&group_next_token=${groupNextToken}${filter}`)
  for (const query of [...QUERIES, ...pages, `group_next_token=${groupNextToken}`]) {
    const path = `rules?${query.replaceAll('"', '%22').replaceAll('{', '%7B')}`
    assert.equal(await answer(ours, path), await answer(theirs, path), query)
  }
  const ordered = async (program: Program) =>
    [...(await program.api<{ alerts: { labels: object }[] }>('alerts')).alerts.map(({ labels }) => JSON.stringify(labels))].sort()
  assert.deepEqual(await ordered(ours), await ordered(theirs))
})
