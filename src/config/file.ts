import type { FileSystem } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { directoryOf } from '../base/files.ts'
import { visitUnsupported } from '../base/schema.ts'
import type { Schema } from '../base/schema-type.ts'
import { parseYamlTree, type YamlTree } from '../base/yaml-tree.ts'
import { ConfigError, type ConfigProblem, type ConfigWarning } from './problems.ts'

/** A file of configuration, parsed and checked by itself. */
export interface ConfigFile<V> {
  readonly path: string
  readonly text: string
  readonly tree: YamlTree
  readonly schema: Schema
  readonly value: V
}

/**
 * Reads a file of one schema. `misplaced` says what a file of another kind is, where its fields would only be unknown ones.
 * Throws a ConfigError that lists everything that is wrong.
 */
export async function readConfigFile<V>(
  fs: FileSystem,
  path: string,
  schema: Schema<V>,
  misplaced: (text: string, tree: YamlTree) => string | undefined,
): Promise<ConfigFile<V>> {
  return parseConfigFile(path, await readConfigText(fs, path), schema, misplaced)
}

/** The same of a text that was read; `path` is what errors call it. */
export function parseConfigFile<V>(
  path: string,
  text: string,
  schema: Schema<V>,
  misplaced: (text: string, tree: YamlTree) => string | undefined,
): ConfigFile<V> {
  const tree = parseYamlTree(text)
  const message = misplaced(text, tree)
  if (message !== undefined) throw new ConfigError([{ file: path, line: 1, column: 1, message }])
  const problems: ConfigProblem[] = tree.problems.map((problem) => ({ file: path, ...problem }))
  if (!tree.wellFormed) throw new ConfigError(problems)
  const parsed = schema.read(tree.root ?? Object.create(null))
  if (parsed.success && problems.length === 0) return { path, text, tree, schema, value: parsed.data }
  for (const { path: place, atField, message } of parsed.success ? [] : parsed.problems) {
    problems.push({ file: path, ...(atField ? tree.fieldPosition(place) : tree.valuePosition(place)), message })
  }
  throw new ConfigError(problems)
}

export async function readConfigText(fs: FileSystem, path: string): Promise<string> {
  try {
    return await fs.readText(path)
  } catch (cause) {
    throw new ConfigError([{ file: path, line: 1, column: 1, message: readFault(cause) }], { cause })
  }
}

/** Why a file cannot be read. */
export function readFault(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code
  return code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a directory, want a file' : errorMessage(cause)
}

/** What a file asks for and does not get. */
export function fileWarnings({ path, tree, schema, value }: ConfigFile<unknown>): ConfigWarning[] {
  const warnings: ConfigWarning[] = []
  visitUnsupported(schema, value, (place, field) => {
    warnings.push({
      kind: 'unsupported',
      field,
      file: path,
      ...tree.fieldPosition(place),
      message: `${place.at(-1)} is not supported yet and is ignored`,
    })
  })
  for (const place of tree.extraDocuments)
    warnings.push({ kind: 'unused', field: '---', file: path, ...place, message: 'only the first document of the file is read' })
  return warnings
}

/** A path as a file names it: relative to the directory of that file. */
export function resolvePath(from: string, name: string): string {
  const directory = directoryOf(from)
  if (name.startsWith('/') || name === '' || directory === '.') return name
  return `${directory === '/' ? '' : directory}/${name}`
}
