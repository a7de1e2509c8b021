import { quote } from '../../base/go-quote.ts'
import { boolean, list, map, type Report, recursive, scalar, section, text } from '../../base/schema.ts'
import type { Output, Schema } from '../../base/schema-type.ts'
import { duration } from '../../model/config-schema.ts'
import { isLegacyLabelName } from '../../model/labels.ts'
import { LabelMatcher } from '../label-matcher.ts'
import { type MatcherMode, perMatcherMode } from '../matchers/matcher-mode.ts'
import { isLabelNameIn, parseMatchers } from '../matchers/parse-matchers.ts'
import { GROUP_BY_ALL } from './route.ts'

// Source of the rules and their texts: Alertmanager config/config.go, Route; config/common/inhibitrule.go.

/** Names of the matchers of old were never any text. */
const oldName = (name: string) => (isLegacyLabelName(name) ? undefined : `invalid label name ${quote(name)}`)

/** `match`: values by name. */
export const matchTexts = () => map(text(), oldName)

/** `match_re`: expressions by name. */
export const matchRegexes = () =>
  map(
    scalar(
      'a regular expression',
      ({ text }) => {
        // For its error alone: the matcher is made with its name.
        new LabelMatcher('=~', '', text)
        return text
      },
      String,
    ),
    oldName,
    { empty: (name) => `invalid regexp value for ${quote(name)}` },
  )

/** Texts with matchers, that are read again where it is known what for. */
export const matcherTexts = (mode: MatcherMode) =>
  list(
    scalar(
      'matchers such as severity="critical"',
      ({ text }) => {
        parseMatchers(text, mode, () => {})
        return text
      },
      String,
    ),
  )

export interface RouteSection {
  readonly receiver?: string | undefined
  readonly group_by?: readonly string[] | undefined
  readonly match?: Readonly<Record<string, string>> | undefined
  readonly match_re?: Readonly<Record<string, string>> | undefined
  readonly matchers?: readonly string[] | undefined
  readonly mute_time_intervals?: readonly string[] | undefined
  readonly active_time_intervals?: readonly string[] | undefined
  readonly continue?: boolean | undefined
  readonly routes?: readonly RouteSection[] | undefined
  /** ms */
  readonly group_wait?: number | undefined
  readonly group_interval?: number | undefined
  readonly repeat_interval?: number | undefined
}

export const routeSchema: (mode: MatcherMode) => Schema<RouteSection> = perMatcherMode((mode) =>
  section(
    'route',
    {
      receiver: text(),
      group_by: list(text()),
      match: matchTexts(),
      match_re: matchRegexes(),
      matchers: matcherTexts(mode),
      mute_time_intervals: list(text()),
      active_time_intervals: list(text()),
      continue: boolean(),
      routes: list(recursive(() => routeSchema(mode))),
      group_wait: duration(),
      group_interval: duration(),
      repeat_interval: duration(),
    },
    { printed: { continue: false }, check: (route, report) => checkRoute(route, mode, report) },
  ),
)

function checkRoute(route: RouteSection, mode: MatcherMode, report: Report): void {
  const { group_by: groupBy = [] } = route
  groupBy.forEach((name, index) => {
    if (name !== GROUP_BY_ALL && !isLabelNameIn(mode, name))
      report(['group_by', index], `invalid label name ${quote(name)} in group_by list`)
  })
  if (groupBy.includes(GROUP_BY_ALL) && groupBy.some((name) => name !== GROUP_BY_ALL))
    report(['group_by'], 'cannot have wildcard group_by (`...`) and other labels at the same time')
  groupBy.forEach((name, index) => {
    if (name !== GROUP_BY_ALL && groupBy.indexOf(name) < index) report(['group_by', index], `duplicated label ${quote(name)} in group_by`)
  })
  for (const field of ['group_interval', 'repeat_interval'] as const) if (route[field] === 0) report([field], `${field} cannot be zero`)
}

export const inhibitRuleSchema = perMatcherMode((mode) =>
  section(
    'inhibit_rule',
    {
      name: text(),
      source_match: matchTexts(),
      source_match_re: matchRegexes(),
      source_matchers: matcherTexts(mode),
      target_match: matchTexts(),
      target_match_re: matchRegexes(),
      target_matchers: matcherTexts(mode),
      equal: list(text()),
    },
    {
      check({ equal = [] }, report) {
        equal.forEach((name, index) => {
          if (!isLabelNameIn(mode, name)) report(['equal', index], `invalid label name ${quote(name)} in equal list`)
        })
      },
    },
  ),
)

export type InhibitRuleSection = Output<ReturnType<typeof inhibitRuleSchema>>
