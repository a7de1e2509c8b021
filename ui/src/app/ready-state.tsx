import { useQuery } from '@tanstack/react-query'
import styles from './ready-state.module.css'

interface ReadyStateProps {
  readonly readiness: (signal: AbortSignal) => Promise<'ready' | 'starting' | 'unreachable'>
  /** Why one that answers is not ready. */
  readonly starting: string
  readonly version: string | undefined
}

/** Whether the server does its work, asked every ten seconds, and its version. */
export function ReadyState({ readiness, starting, version }: ReadyStateProps) {
  const asked = useQuery({ queryKey: ['ready'], queryFn: ({ signal }) => readiness(signal), refetchInterval: 10_000 })
  const state = asked.data ?? 'asking'
  const word = { ready: 'Ready', starting, unreachable: 'Unreachable', asking: 'Asking' }[state]
  return (
    <div className={styles.ready} data-state={state} role="status" aria-label={`Server: ${word}`}>
      <span className={styles.dot} aria-hidden />
      <span className={styles.word}>{word}</span>
      {version !== undefined && <span className={styles.version}>{version}</span>}
    </div>
  )
}
