export const alice = { user: 'alice', password: 'wonderland' } as const;
export const bob = { user: 'bob', password: 'builder' } as const;
export const users = [alice, bob] as const;
