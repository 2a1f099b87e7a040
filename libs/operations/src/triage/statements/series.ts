import type { Statement } from '../../ports.js';
import { bucketSql } from '../histogram.js';

/**
 * $1 from, $2 until, $3 the interval in ms, $4 tenants or null for all.
 *
 * What has ended by the minutes that were summed: by interval, protocol, outcome and bucket of its
 * duration. Intervals begin where epoch time divides.
 */
export const SUMMED: Statement = {
  name: 'triage-summed',
  text: `
    select extract(epoch from date_bin($3 * interval '1 millisecond', minute, 'epoch'))::float8
             * 1000 as at,
           protocol, outcome, bucket.key as bucket, sum(bucket.value::float8) as ended
      from concordat.ended_minute, lateral jsonb_each_text(latency) as bucket
     where minute >= $1 and minute < $2 and ($4::text[] is null or tenant = any($4))
     group by 1, 2, 3, 4`,
};

/**
 * The same of what has ended since $1, which is not summed yet; and how many have ended since $2.
 * $3 and $4 as above.
 */
export const LIVE: Statement = {
  name: 'triage-live',
  text: `
    select extract(epoch from date_bin($3 * interval '1 millisecond', ended_at, 'epoch'))::float8
             * 1000 as at,
           protocol, outcome,
           ${bucketSql('extract(epoch from ended_at - begun_at)::float8 * 1000')}::text as bucket,
           (count(*) filter (where ended_at >= $1))::float8 as ended,
           (count(*) filter (where ended_at >= $2))::float8 as recent
      from concordat.ended_transaction
     where ended_at >= least($1::timestamptz, $2::timestamptz)
       and ($4::text[] is null or tenant = any($4))
     group by 1, 2, 3, 4`,
};
