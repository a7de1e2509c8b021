// What `npm ci` builds, so that starting is quick: the program's bundle with a warm compile cache, and the web console.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BuildOptions, Plugin } from 'esbuild'
import { ENTRIES, STARTS } from './entries.ts'
import { mergeChunks } from './merge-chunks.ts'
import { warmCache } from './warm-cache.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

if (!existsSync(join(root, 'node_modules/esbuild')) || !existsSync(join(root, 'src/main.ts'))) {
  console.log('prepare: nothing to build (no esbuild, or no sources): the sources run as they are')
  process.exit(0)
}

const { build } = await import('esbuild')
/** Parts of Node that most runs have no use for: loaded when something of theirs is first asked for. */
const RARE =
  /^(node:)?(child_process|crypto|dgram|dns|dns\/promises|http2|https|inspector|perf_hooks|readline|tls|util|v8|vm|worker_threads|zlib)$/
// Built-in modules come by `require`. An import of one reads all its exports, and with them loads what stands behind getters (undici, web
// crypto, web streams). With the rare ones it is 20 MB less.
const builtins: Plugin = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, namespace }) =>
      namespace === 'builtin' ? { path, external: true } : { path, namespace: 'builtin' },
    )
    onResolve({ filter: RARE }, ({ path, namespace }) =>
      namespace === 'builtin' ? undefined : { path: `node:${path}`, namespace: 'builtin' },
    )
    onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => {
      const load = `require(${JSON.stringify(path)})`
      // What the bundler makes of an import is an object with the same prototype and a getter for each of the module's own exports, in each file
      // that imports it: 3,000 of them. As the prototype the module is found without; but this one listens, and has to be itself.
      if (path === 'node:process') return { contents: `module.exports = ${load}` }
      if (!RARE.test(path)) {
        return { contents: `const loaded = ${load}; module.exports = typeof loaded === 'object' ? Object.create(loaded) : loaded` }
      }
      return {
        contents: `let loaded
          module.exports = Object.create(new Proxy({}, {
            get(_, name, asked) {
              if (name === '__esModule') return
              // From then on it is found without asking here.
              Object.setPrototypeOf(asked, loaded ??= ${load})
              return loaded[name]
            },
            has: (_, name) => name in (loaded ??= ${load}),
          }))`,
      }
    })
  },
}
/** Of a few packages, what is used: their index brings more than that, and with it parts of Node. */
const PARTS: Readonly<Record<string, string>> = {
  // The rest are a web browser's parts, four fifths of it.
  undici: `require('undici/lib/dispatcher/dispatcher').prototype.request = require('undici/lib/api/api-request')
    exports.Agent = require('undici/lib/dispatcher/agent')`,
  // The rest measures the process, and gathers what the processes of a cluster measured.
  'prom-client': `exports.Registry = require('prom-client/lib/registry')
    exports.Counter = require('prom-client/lib/counter')
    exports.Gauge = require('prom-client/lib/gauge')
    exports.Histogram = require('prom-client/lib/histogram')
    exports.Summary = require('prom-client/lib/summary')`,
  // Half a MB of tables, for those who have regular expressions.
  re2js: `const engine = () => require(${JSON.stringify(join(root, 'node_modules/re2js/build/index.js'))})
    module.exports = { get RE2JS() { return engine().RE2JS }, get RE2JSSyntaxException() { return engine().RE2JSSyntaxException } }`,
}
const packageParts: Plugin = {
  name: 'package parts',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(?:${Object.keys(PARTS).join('|')})$`) }, ({ path }) => ({ path, namespace: 'parts' }))
    onLoad({ filter: /^/, namespace: 'parts' }, ({ path }) => ({ resolveDir: root, contents: PARTS[path] }))
  },
}
rmSync(join(root, 'dist'), { recursive: true, force: true })
const form: BuildOptions = {
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // Without blanks and in ASCII the engine keeps the text in a third of the memory; names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  charset: 'ascii',
  sourcemap: false,
  legalComments: 'none',
  logLevel: 'warning',
}
const { metafile } = await build({
  ...form,
  absWorkingDir: root,
  metafile: true,
  entryPoints: ENTRIES.map((path) => join(root, path)),
  outdir: join(root, 'dist'),
  outbase: join(root, 'src'),
  bundle: true,
  // What is imported on demand becomes a file of its own.
  splitting: true,
  // Packages with native parts, or that a thread of its own loads, stay where they are.
  external: ['snappy', '@node-rs/crc32', 'bcryptjs'],
  plugins: [builtins, packageParts],
  // CommonJS packages inside an ES module still ask for these.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);const __filename = import.meta.filename;const __dirname = import.meta.dirname;",
  },
})
const outputOf = (path: string) => Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === path)![0]
const entries = ENTRIES.map(outputOf)
await mergeChunks(root, metafile.outputs, [...entries, ...STARTS.map(outputOf)], new Set(entries), form)
const git = (...args: string[]) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? ''
const built = { revision: git('rev-parse', 'HEAD'), branch: git('rev-parse', '--abbrev-ref', 'HEAD'), buildDate: new Date().toISOString() }
writeFileSync(join(root, 'dist/build.json'), JSON.stringify(built))
const warm = spawnSync(join(root, 'bin/promontory'), ['--version'], { encoding: 'utf8' })
if (warm.status !== 0) throw new Error(`the bundle does not start:\n${warm.stdout}${warm.stderr}`)
await warmCache(join(root, 'bin/promontory')).catch((error: unknown) =>
  // All works without it.
  console.log(`prepare: the first starts will take a little longer: ${error instanceof Error ? error.message : error}`),
)
console.log('prepare: dist/main.js is built')

if (existsSync(join(root, 'node_modules/vite'))) {
  const vite = spawnSync('npm', ['run', '--silent', 'build', '-w', 'ui'], { cwd: root, encoding: 'utf8' })
  if (vite.status !== 0) throw new Error(`ui: ${vite.stdout}${vite.stderr}`)
  console.log('prepare: ui/dist is built')
} else {
  console.log('prepare: ui/dist is not built (vite is not installed): the API works without the console')
}
