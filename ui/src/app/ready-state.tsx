import { useQuery } from '@tanstack/react-query'
import styles from './ready-state.module.css'
import { server } from './server.ts'

const words = {
  ready: 'Ready',
  starting: 'Starting: recovery has not finished',
  unreachable: 'Unreachable',
  asking: 'Asking',
}

/** Whether the server answers queries, asked every ten seconds, and its version. */
export function ReadyState() {
  const readiness = useQuery({ queryKey: ['ready'], queryFn: ({ signal }) => server.readiness(signal), refetchInterval: 10_000 })
  const build = useQuery({ queryKey: ['buildinfo'], queryFn: ({ signal }) => server.buildInfo(signal) })
  const state = readiness.data ?? 'asking'
  return (
    <div className={styles.ready} data-state={state} role="status" aria-label={`Server: ${words[state]}`}>
      <span className={styles.dot} aria-hidden />
      <span className={styles.word}>{words[state]}</span>
      {build.data !== undefined && <span className={styles.version}>{build.data.data.version}</span>}
    </div>
  )
}
