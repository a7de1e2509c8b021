import type { FileSystem } from '../base/env.ts'
import type { Output, Schema } from '../base/schema-type.ts'
import type { YamlTree } from '../base/yaml-tree.ts'
import { type GroupDefinition, groupDefinitions } from '../rules/rule-definition.ts'
import { ruleFileSchema } from '../rules/rule-schema.ts'
import type { RuleTestFile } from '../rules/unit-test/run.ts'
import { ruleTestFileSchema } from '../rules/unit-test/test-file-schema.ts'
import { readConfigFile } from './file.ts'
import { otherFileKind } from './file-kind.ts'

/** Reads and checks a file of recording and alerting rules. Throws a ConfigError that lists everything that is wrong. */
export async function readRuleFile(fs: FileSystem, path: string): Promise<readonly GroupDefinition[]> {
  const { value } = await readConfigFile(fs, path, ruleFileSchema as Schema<Output<typeof ruleFileSchema>>, otherThan('groups'))
  return groupDefinitions(path, value)
}

/** Reads and checks a file of unit tests for rules. Throws a ConfigError. */
export async function readRuleTestFile(fs: FileSystem, path: string): Promise<RuleTestFile> {
  const { value } = await readConfigFile(fs, path, ruleTestFileSchema, otherThan('tests', 'rule_files'))
  return value
}

function otherThan(...fields: readonly string[]): (text: string, tree: YamlTree) => string | undefined {
  return (text, { root }) => {
    if (root === undefined) return undefined
    if (typeof root === 'object' && fields.some((field) => field in root)) return undefined
    const kind = otherFileKind(text, root)
    return kind === undefined ? undefined : `this is ${kind}, want a file with ${fields.join(' or ')}`
  }
}
