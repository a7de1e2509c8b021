import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type AlertReceiver, startAlertReceiver } from '../support/alert-receiver.ts'
import { peer } from '../support/peers.ts'
import { delay, freePort, Program, startServer } from '../support/program.ts'

const INTERVAL_MS = 1000
const CYCLE_MS = 20_000
const ATTEMPTS = 12

// All that they see is the time of evaluation, and groups of the same file and name are evaluated at the same times.
const phase = `(time() % ${CYCLE_MS / 1000})`
const RULES = {
  groups: [
    {
      name: 'g',
      interval: '1s',
      labels: { team: 'a' },
      rules: [
        { record: 'phase', expr: `label_replace(vector(${phase}), "job", "x", "", "")` },
        {
          alert: 'Most',
          expr: 'vector(1) and on() phase >= 1',
          annotations: { text: '<b>&"é"</b> {{ $value }} {{ $externalLabels.region }}' },
        },
        { alert: 'Zero', expr: 'phase >= 5 < 12', labels: { severity: 'page', text: '{{ $labels.job }}' } },
        { alert: 'Waits', expr: 'phase >= 2 < 9', for: '3s', annotations: { value: '{{ $value | humanize }}' } },
        { alert: 'Kept', expr: 'phase >= 4 < 6', keep_firing_for: '4s' },
        { alert: 'NeverFires', expr: 'phase >= 4 < 6', for: '3s' },
        { alert: 'Sees', expr: 'ALERTS{alertname="Waits", alertstate="firing"}', labels: { alertstate: '' } },
        { alert: 'Dropped', expr: 'vector(1)', labels: { severity: 'none' } },
        {
          alert: 'Fails',
          expr: 'phase >= 0 and on() label_replace(vector(1), "a", "b", "", "") + on() group_left() phase * on(zone) phase',
        },
      ],
    },
    { name: 'rare', interval: '5s', rules: [{ alert: 'Rare', expr: 'vector(2) > 1 and on() (phase >= 3 < 17)' }] },
  ],
}

/** Alerts that began within a cycle and were sent within it, a line each. */
function sentInCycle({ posts }: AlertReceiver, first: number): readonly string[] {
  const lines: string[] = []
  for (const { time, url, alerts } of posts) {
    assert.equal(url, '/prefix/api/v2/alerts')
    for (const { labels, annotations, startsAt, endsAt, generatorURL } of alerts) {
      const begun = Date.parse(startsAt)
      // Half way between two evaluations: it does not matter how long the way was.
      const end = first + CYCLE_MS + (begun % INTERVAL_MS) - INTERVAL_MS / 2
      if (begun < first || time > end) continue
      const texts = [labels, annotations ?? {}].map((texts) => Object.entries(texts).sort())
      lines.push(JSON.stringify([labels.alertname, ...texts, startsAt, endsAt, generatorURL]))
    }
  }
  return lines.sort()
}

test('Prometheus 3.5 sends the same alerts, with the same times, labels, annotations and links', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-alerts-'))
  const [ours, theirs] = [await startAlertReceiver(), await startAlertReceiver()]
  const programs: Program[] = []
  t.after(async () => {
    await Promise.all(programs.map((program) => program.stop()))
    await Promise.all([ours.close(), theirs.close()])
    rmSync(directory, { recursive: true, force: true })
  })
  writeFileSync(join(directory, 'rules.json'), JSON.stringify(RULES))
  const configFile = (name: string, port: number): string => {
    const file = join(directory, `${name}.json`)
    const config = {
      global: { external_labels: { region: 'eu', replica: 'a', team: 'external' } },
      rule_files: ['rules.json'],
      alerting: {
        alert_relabel_configs: [
          { action: 'labeldrop', regex: 'replica' },
          { source_labels: ['severity'], regex: 'none', action: 'drop' },
        ],
        alertmanagers: [
          {
            path_prefix: '/prefix',
            static_configs: [{ targets: [`127.0.0.1:${port}`] }],
            alert_relabel_configs: [{ target_label: 'to', replacement: 'one' }],
          },
        ],
      },
    }
    writeFileSync(file, JSON.stringify(config))
    return file
  }
  mkdirSync(join(directory, 'ours'))
  const flags = ['--rules.alert.resend-delay=3s', '--web.external-url=http://prometheus.example/p']
  const port = await freePort()
  programs.push(
    await startServer({ configFile: configFile('ours-config', ours.port), dataDir: join(directory, 'ours'), flags }),
    new Program(
      binary,
      [
        `--config.file=${configFile('theirs-config', theirs.port)}`,
        `--storage.tsdb.path=${join(directory, 'theirs')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        ...flags,
      ],
      `http://127.0.0.1:${port}`,
    ),
  )
  for (const program of programs) await program.ready('/p/-/ready')
  let first = Math.ceil((Date.now() + 2000) / CYCLE_MS) * CYCLE_MS
  let sent: readonly string[] = []
  for (let attempt = 1; ; attempt++, first += CYCLE_MS) {
    await delay(first + CYCLE_MS + 2000 - Date.now())
    sent = sentInCycle(ours, first)
    try {
      assert.deepEqual(sent, sentInCycle(theirs, first))
      break
    } catch (error) {
      // A machine that stalls for half an interval lets one of the two miss an evaluation; what they do not do alike is seen in each cycle.
      if (attempt === ATTEMPTS) throw error
    }
  }
  const names = new Set(sent.map((line) => JSON.parse(line)[0]))
  assert.deepEqual([...names].sort(), ['Kept', 'Most', 'Rare', 'Sees', 'Waits', 'Zero'])
  t.diagnostic(`${sent.length} alerts`)
})
