import type { InhibitRule } from '../alertmanager/alertmanager-config.ts'
import { GROUP_BY_ALL, type RouteDefinition } from '../alertmanager/dispatch/route.ts'
import type { InhibitRuleSection, RouteSection } from '../alertmanager/dispatch/route-schema.ts'
import { compareMatchers, LabelMatcher } from '../alertmanager/label-matcher.ts'
import type { MatcherMode } from '../alertmanager/matchers/matcher-mode.ts'
import { isLabelNameIn, parseMatchers } from '../alertmanager/matchers/parse-matchers.ts'
import { errorMessage } from '../base/errors.ts'
import type { YamlPath } from '../base/yaml-tree.ts'
import { quote } from '../model/labels.ts'
import type { MatchOperator } from '../model/matcher.ts'
import type { ConfigFile } from './file.ts'
import type { ConfigProblem, ConfigWarning } from './problems.ts'

/** Reads what of an alertmanager.yml follows from the language of its matchers, which the flags choose. Collects what is wrong. */
export class RouteReader {
  readonly problems: ConfigProblem[] = []
  readonly warnings: ConfigWarning[] = []
  readonly #file: ConfigFile<unknown>
  readonly #mode: MatcherMode

  constructor(file: ConfigFile<unknown>, mode: MatcherMode) {
    this.#file = file
    this.#mode = mode
  }

  route(section: RouteSection, path: YamlPath): RouteDefinition {
    section.group_by?.forEach((name, index) => {
      if (name !== GROUP_BY_ALL) this.#checkLabelName(name, 'in group_by list', [...path, 'group_by', index])
    })
    return {
      receiver: section.receiver,
      matchers: [
        ...oldMatchers('=', section.match),
        ...oldMatchers('=~', section.match_re),
        ...this.#matchers(section.matchers, [...path, 'matchers']),
      ],
      groupBy: section.group_by,
      groupWaitMs: section.group_wait,
      groupIntervalMs: section.group_interval,
      repeatIntervalMs: section.repeat_interval,
      muteTimeIntervals: section.mute_time_intervals,
      activeTimeIntervals: section.active_time_intervals,
      continues: section.continue,
      routes: section.routes?.map((child, index) => this.route(child, [...path, 'routes', index])),
    }
  }

  inhibitRule(section: InhibitRuleSection, path: YamlPath): InhibitRule {
    const { equal = [] } = section
    for (const [index, name] of equal.entries()) this.#checkLabelName(name, 'in equal list', [...path, 'equal', index])
    return {
      name: section.name ?? '',
      sourceMatchers: [
        ...oldMatchers('=', section.source_match),
        ...oldMatchers('=~', section.source_match_re),
        ...this.#matchers(section.source_matchers, [...path, 'source_matchers']),
      ],
      targetMatchers: [
        ...oldMatchers('=', section.target_match),
        ...oldMatchers('=~', section.target_match_re),
        ...this.#matchers(section.target_matchers, [...path, 'target_matchers']),
      ],
      equal,
    }
  }

  /** The matchers of a list as they are printed. */
  shownMatchers(texts: readonly string[] | undefined): readonly string[] | undefined {
    return texts
      ?.flatMap((text) => parseMatchers(text, this.#mode, () => {}))
      .sort(compareMatchers)
      .map(String)
  }

  #checkLabelName(name: string, where: string, path: YamlPath): void {
    if (!isLabelNameIn(this.#mode, name)) this.#problem(path, `invalid label name ${quote(name)} ${where}`)
  }

  #matchers(texts: readonly string[] = [], path: YamlPath): readonly LabelMatcher[] {
    return texts.flatMap((text, index) => {
      const place = [...path, index]
      try {
        return parseMatchers(text, this.#mode, (message) => this.#warn(place, message))
      } catch (error) {
        this.#problem(place, errorMessage(error))
        return []
      }
    })
  }

  #problem(place: YamlPath, message: string): void {
    this.problems.push({ file: this.#file.path, ...this.#file.tree.valuePosition(place), message })
  }

  #warn(place: YamlPath, message: string): void {
    const field = place.filter((part) => typeof part === 'string').join('.')
    this.warnings.push({ kind: 'old', field, file: this.#file.path, ...this.#file.tree.valuePosition(place), message })
  }
}

function oldMatchers(operator: MatchOperator, values: Readonly<Record<string, string>> = {}): readonly LabelMatcher[] {
  return Object.entries(values).map(([name, value]) => new LabelMatcher(operator, name, value))
}
