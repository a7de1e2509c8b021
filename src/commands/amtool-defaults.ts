import type { FileSystem } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import { parseYamlTree, YamlScalar } from '../base/yaml-tree.ts'
import type { FlagTable } from '../config/flags.ts'

// Flags that amtool's own configuration files give, which a script may rest on. Source: Alertmanager cli/root.go; cli/config/config.go.

const LEGACY_NAMES: Readonly<Record<string, string>> = { comment_required: 'require-comment' }

/** Where they lie, first of all that of the user; upstream's places and those of Debian. */
function files(home: string | undefined): readonly string[] {
  const names = ['amtool/config.yml', 'prometheus/amtool.yml']
  return [...(home ? names.map((name) => `${home}/.config/${name}`) : []), ...names.map((name) => `/etc/${name}`)]
}

/** The flags of a table that the files give, as arguments to stand before those that were typed. Throws `bad_data`. */
export async function amtoolDefaults(fs: FileSystem, home: string | undefined, table: FlagTable): Promise<readonly string[]> {
  const values = new Map<string, string>()
  for (const file of files(home)) {
    for (const [name, value] of await readFlags(fs, file)) if (!values.has(name)) values.set(name, value)
  }
  return [...values].flatMap(([name, value]) => {
    const known = table[name]
    if (known === undefined) return []
    if (!known.isSwitch) return [`--${name}=${value}`]
    return [value === 'false' ? `--no-${name}` : `--${name}`]
  })
}

async function readFlags(fs: FileSystem, file: string): Promise<ReadonlyMap<string, string>> {
  let text: string
  try {
    text = await fs.readText(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return new Map()
    throw error
  }
  const { root = {}, problems } = parseYamlTree(text)
  const [problem] = problems
  if (problem !== undefined) throw new CodedError('bad_data', `${file}:${problem.line}:${problem.column}: ${problem.message}`)
  const flags = new Map<string, string>()
  for (const [name, value] of Object.entries(root)) {
    if (!(value instanceof YamlScalar)) throw new CodedError('bad_data', `${file}: found no text for ${name}, want the value of a flag`)
    const current = LEGACY_NAMES[name] ?? name
    if (current === name || !(current in root)) flags.set(current, value.text)
  }
  return flags
}
