// Makes few files of the many that a bundle with code on demand is split into: finding, reading and linking each of them takes longer than what is in it.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild'

/** `import{a as b,c}from"./chunk.js";` and `import"./chunk.js";` as esbuild writes them. */
const IMPORT = /\bimport(?:\{([^{}"]*)\}from)?"(\.{1,2}\/[^"]+)";/g

type Outputs = Metafile['outputs']

/**
 * Joins files that the same of `starts` load: what begins with one of those reads the same code as before. `outputs` is what esbuild says of the
 * bundle, its paths from `root`; files of `starts` that are in `fixed` stay what they are.
 */
export async function mergeChunks(
  root: string,
  outputs: Outputs,
  starts: readonly string[],
  fixed: ReadonlySet<string>,
  options: BuildOptions,
): Promise<void> {
  const groups = groupsOf(outputs, starts, fixed)
  /** Of each file that is joined with others: the file that they become, and what its names begin with there. */
  const places = new Map<string, { readonly file: string; readonly prefix: string }>()
  for (const [i, group] of groups.entries())
    for (const [k, path] of group.entries()) places.set(path, { file: join(dirname(path), `part-${i}.js`), prefix: `m${k}_` })
  for (const group of groups) {
    const lines = group.map((path) => {
      const { prefix } = places.get(path)!
      const names = outputs[path].exports.map((name) => `${name} as ${prefix}${name}`)
      return `import './${relative('dist', path)}';export {${names.join(',')}} from './${relative('dist', path)}';`
    })
    const { file } = places.get(group[0])!
    await build({
      ...options,
      stdin: { contents: lines.join('\n'), resolveDir: join(root, 'dist') },
      outfile: join(root, file),
      bundle: true,
      plugins: [onlyOf(root, new Set(group))],
    })
  }
  const isAskedFor = new Set(
    Object.values(outputs).flatMap(({ imports }) => imports.flatMap(({ kind, path }) => (kind === 'dynamic-import' ? [path] : []))),
  )
  for (const path of [
    ...Object.keys(outputs).filter((one) => !places.has(one)),
    ...new Set([...places.values()].map(({ file }) => file)),
  ]) {
    if (!path.endsWith('.js')) continue
    const file = join(root, path)
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(IMPORT, (whole, names: string | undefined, from: string) => {
        const place = places.get(relative(root, join(dirname(file), from)))
        if (place === undefined) return whole
        const to = `./${relative(dirname(path), place.file)}`
        if (names === undefined) return `import"${to}";`
        const renamed = names.split(',').map((name) => {
          const [theirs, ours = theirs] = name.split(' as ')
          return `${place.prefix}${theirs} as ${ours}`
        })
        return `import{${renamed.join(',')}}from"${to}";`
      }),
    )
  }
  for (const [path, { file, prefix }] of places) {
    rmSync(join(root, path))
    if (!isAskedFor.has(path)) continue
    const names = outputs[path].exports.map((name) => `${prefix}${name} as ${name}`)
    writeFileSync(join(root, path), `export{${names.join(',')}}from"./${relative(dirname(path), file)}";`)
  }
}

/** Files that the same starts load, two at least. */
function groupsOf(outputs: Outputs, starts: readonly string[], fixed: ReadonlySet<string>): string[][] {
  const loadedBy = new Map<string, string>()
  const atOnce = new Set<string>()
  for (const start of starts) {
    const loaded = new Set([start])
    const follow = (kinds: readonly string[]) => {
      // Of a set that grows meanwhile, all.
      for (const path of loaded)
        for (const { kind, path: imported } of outputs[path].imports) if (kinds.includes(kind) && imported in outputs) loaded.add(imported)
    }
    follow(['import-statement'])
    for (const path of loaded) {
      loadedBy.set(path, `${loadedBy.get(path) ?? ''} ${start}`)
      atOnce.add(path)
    }
    // What one of them loads later it does not load with all that another one begins with.
    follow(['import-statement', 'dynamic-import'])
    for (const path of loaded) loadedBy.set(path, `${loadedBy.get(path) ?? ''} later ${start}`)
  }
  const groups = new Map<string, string[]>()
  for (const [path, by] of loadedBy) if (atOnce.has(path) && !fixed.has(path)) groups.set(by, [...(groups.get(by) ?? []), path])
  return [...groups.values()].filter((group) => group.length > 1)
}

/** Takes in what is of the group, and leaves all else where it is. */
function onlyOf(root: string, group: ReadonlySet<string>): Plugin {
  return {
    name: 'only of the group',
    setup({ onResolve }) {
      onResolve({ filter: /^/ }, ({ path, resolveDir, kind }) => {
        if (!path.startsWith('.')) return { path, external: true }
        const file = relative(root, join(resolveDir, path))
        if (kind !== 'dynamic-import' && group.has(file)) return { path: join(root, file) }
        return { path: `./${relative('dist', file)}`, external: true }
      })
    },
  }
}
