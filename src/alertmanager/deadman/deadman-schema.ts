import { quote } from '../../base/go-quote.ts'
import { list, type Report, section, text, url } from '../../base/schema.ts'
import { duration, labels } from '../../model/config-schema.ts'
import { httpConfigSchema } from '../receivers/http-config.ts'

// The parts of deadman.yml that are its own: docs/operating/deadman.md.

export const REPEAT_INTERVAL_DEFAULT_MS = 3_600_000

/** Says of an alert that it is a test: the drill's name. */
export const DRILL_LABEL = 'promontory_drill'
/** Which one: new every time, since an Alertmanager does not tell twice of what it has told. */
export const DRILL_RUN_LABEL = 'promontory_drill_run'

/** What stands in a path as it is. */
const NAME = /^[\w.-]+$/

interface Common {
  readonly name?: string | undefined
  readonly receiver?: string | undefined
  readonly repeat_interval?: number | undefined
}

function checkCommon(what: string, { name, receiver, repeat_interval: repeat }: Common, report: Report): void {
  if (!name) report([], `missing name in ${what}`)
  else if (!NAME.test(name)) report(['name'], `found ${quote(name)}, want letters, digits, dots, - and _`)
  if (!receiver) report([], `missing receiver in ${what}`)
  if (repeat === 0) report(['repeat_interval'], 'found 0s, want a time after which it is told again')
}

const common = { name: text(), receiver: text(), repeat_interval: duration() }

const printed = { repeat_interval: '1h' }

export const heartbeatSchema = section(
  'heartbeat',
  { ...common, timeout: duration(), labels: labels(), annotations: labels() },
  {
    printed,
    check(heartbeat, report) {
      checkCommon('heartbeat', heartbeat, report)
      if (!heartbeat.timeout) report(heartbeat.timeout === 0 ? ['timeout'] : [], 'missing timeout in heartbeat: how long it may be silent')
      if (heartbeat.labels && 'heartbeat' in heartbeat.labels) report(['labels', 'heartbeat'], 'the label heartbeat is its name')
    },
  },
)

export const drillSchema = section(
  'drill',
  {
    ...common,
    alertmanagers: list(url()),
    every: duration(),
    deadline: duration(),
    labels: labels(),
    alarm_labels: labels(),
    annotations: labels(),
    http_config: httpConfigSchema,
  },
  {
    printed,
    check(drill, report) {
      const { every, deadline } = drill
      checkCommon('drill', drill, report)
      if (!drill.alertmanagers?.length) report([], 'missing alertmanagers in drill')
      drill.alertmanagers?.forEach((each, index) => {
        if (!/^https?:$/.test(new URL(each).protocol)) report(['alertmanagers', index], 'want a URL that begins with http:// or https://')
      })
      if (!every) report([], 'missing every in drill: how often it is held')
      if (!deadline) report([], 'missing deadline in drill: how long its alert may take')
      if (every && deadline && deadline > every) report(['deadline'], 'a drill ends before the next one begins: want at most every')
      for (const label of [DRILL_LABEL, DRILL_RUN_LABEL])
        if (drill.labels && label in drill.labels) report(['labels', label], `the label ${label} says which drill it is`)
      if (drill.alarm_labels && 'drill' in drill.alarm_labels) report(['alarm_labels', 'drill'], 'the label drill is its name')
    },
  },
)
