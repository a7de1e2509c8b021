import { IconAlertTriangle, IconCircleOff, IconExclamationCircle, IconInfoCircle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import styles from './notice.module.css'

const icons = { error: IconExclamationCircle, warning: IconAlertTriangle, info: IconInfoCircle, empty: IconCircleOff }

interface NoticeProps {
  readonly kind: keyof typeof icons
  readonly title: string
  readonly children?: ReactNode
}

/** A message in the place of content, or above it. Errors are announced, the rest waits for a pause. */
export function Notice({ kind, title, children }: NoticeProps) {
  const Icon = icons[kind]
  return (
    <div className={styles.notice} data-kind={kind} role={kind === 'error' ? 'alert' : 'status'}>
      <Icon size={18} stroke={1.7} aria-hidden className={styles.icon} />
      <div className={styles.text}>
        <div className={styles.title}>{title}</div>
        {children !== undefined && <div className={styles.detail}>{children}</div>}
      </div>
    </div>
  )
}
