import type { FileSystem } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { YamlPath } from '../base/yaml-tree.ts'
import type { ConfigFile } from './file.ts'
import type { ConfigWarning } from './problems.ts'

/** A file of secrets or certificates of a job, or of another section. */
export interface SecretFile {
  readonly field: YamlPath
  readonly path: string
}

/** They are read when they are needed; what cannot be read now is said now. */
export async function unreadableFiles(
  fs: FileSystem,
  { path, tree }: ConfigFile<unknown>,
  section: YamlPath,
  files: readonly SecretFile[],
): Promise<readonly ConfigWarning[]> {
  const warnings: ConfigWarning[] = []
  for (const file of files) {
    try {
      await fs.readText(file.path)
    } catch (error) {
      const position = tree.fieldPosition([...section, ...file.field])
      const message = `${file.path} cannot be read (${errorMessage(error)}), requests fail until it can`
      const field = [...section, ...file.field].filter((part) => typeof part === 'string').join('.')
      warnings.push({ kind: 'unreadable', field, file: path, ...position, message })
    }
  }
  return warnings
}
