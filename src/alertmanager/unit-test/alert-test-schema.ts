import { CodedError } from '../../base/errors.ts'
import { quote } from '../../base/go-quote.ts'
import { formatRfc3339, parseRfc3339 } from '../../base/rfc3339.ts'
import { list, map, once, path, type Report, scalar, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { duration, labels } from '../../model/config-schema.ts'
import { matcherTexts } from '../dispatch/route-schema.ts'

// A file of tests: which alerts begin and end when, and which notifications must come of it through an alertmanager.yml.

const time = once(() =>
  scalar(
    'a time such as 2026-01-05T09:00:00Z',
    ({ text }) => {
      const at = parseRfc3339(text)
      if (at === undefined) throw new CodedError('bad_data', `found ${quote(text)}, want a time such as 2026-01-05T09:00:00Z`)
      return at
    },
    formatRfc3339,
  ),
)

const fireSchema = section(
  'alert',
  { labels: labels(), annotations: map(text()), generator_url: text(), for: duration() },
  {
    check({ labels }, report) {
      if (Object.keys(labels ?? {}).length === 0) report([], 'found no labels, an alert has at least one')
    },
  },
)

const silenceSchema = section(
  'silence',
  { name: text(), matchers: matcherTexts('fallback'), for: duration() },
  {
    check({ matchers = [], for: forMs }, report) {
      if (matchers.length === 0) report([], 'found no matchers, a silence has at least one')
      if (!forMs) report([], 'found no time for which it silences, want for: 1h')
    },
  },
)

const stepSchema = section(
  'step',
  {
    at: duration(),
    fire: list(fireSchema),
    resolve: list(labels()),
    silence: list(silenceSchema),
    expire: list(text()),
  },
  { check: checkStep },
)

function checkStep(step: { readonly at?: number; readonly expire?: readonly string[] }, report: Report): void {
  if (step.at === undefined) report([], 'found no time, want at: 1m')
  if (Object.keys(step).filter((field) => field !== 'at').length === 0)
    report([], 'nothing happens in it, want one of fire, resolve, silence, expire')
}

const notificationSchema = section(
  'notification',
  {
    at: duration(),
    receiver: text(),
    integration: text(),
    group: labels(),
    firing: list(labels()),
    resolved: list(labels()),
    text: list(text()),
  },
  {
    check({ at, receiver }, report) {
      if (at === undefined) report([], 'found no time, want at: 30s')
      if (!receiver) report([], 'found no receiver')
    },
  },
)

const testSchema = section(
  'test',
  { name: text(), start: time(), for: duration(), steps: list(stepSchema), notifications: list(notificationSchema) },
  {
    check({ name, steps = [] }, report) {
      if (!name) report([], 'found no name')
      if (steps.length === 0) report([], 'found no steps')
    },
  },
)

export const alertTestFileSchema = section(
  'file of alert tests',
  { config: path(), external_url: text(), tests: list(testSchema) },
  {
    check({ config, tests = [] }, report) {
      if (!config) report([], 'found no config, want the path of an alertmanager.yml')
      if (tests.length === 0) report([], 'found no tests')
    },
  },
)

export type AlertTestFile = Output<typeof alertTestFileSchema>
export type AlertTest = Output<typeof testSchema>
export type AlertTestStep = Output<typeof stepSchema>
export type ExpectedNotification = Output<typeof notificationSchema>
