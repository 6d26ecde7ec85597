/** PostgreSQL takes texts below 8,000 octets. In a file of its own, that nobody loads the driver for it. */
export const maxToldOctets = 7_900;
