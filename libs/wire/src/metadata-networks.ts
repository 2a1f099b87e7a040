/**
 * The metadata services of clouds, which hand out credentials to whoever asks from inside: nobody
 * calls them, neither a coordinator its participants nor these each other, whatever lists say.
 *
 * After the first two: the first one inside NAT64 and 6to4; AWS's for containers and pods. An
 * address that maps IPv4 (`::ffff:…`) is taken for it by Node's `BlockList`.
 */
export const METADATA_NETWORKS: readonly string[] = [
  '169.254.169.254/32',
  'fd00:ec2::254/128',
  '64:ff9b::a9fe:a9fe/128',
  '2002:a9fe:a9fe::/48',
  '169.254.170.2/32',
  '169.254.170.23/32',
  'fd00:ec2::23/128',
];
