import { Link } from '@tanstack/react-router';
import { RoomPermitting } from '../components/room.js';
import classes from './Shell.module.css';

export function Brand() {
  return (
    <Link to="/" className={classes['brand'] ?? ''}>
      <Mark size={22} />
      <RoomPermitting>Concordat</RoomPermitting>
    </Link>
  );
}

/** Many that come to one end. */
export function Mark({ size }: { readonly size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="currentColor" />
      <path
        d="M21.5 11.2a7.4 7.4 0 1 0 0 9.6"
        fill="none"
        stroke="#fff"
        strokeWidth="3.4"
        strokeLinecap="round"
      />
      <circle cx="22.6" cy="16" r="2.5" fill="#fff" />
    </svg>
  );
}
