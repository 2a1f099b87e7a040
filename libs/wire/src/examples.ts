// A begin to show to people, with the participants that `npm start` brings.

/** A graph of steps: order, then stock, then payment as the pivot, then shipping. */
export const checkoutExample = {
  protocol: 'saga' as const,
  name: 'checkout',
  deadlineMs: 30_000,
  metadata: { order: '42' },
  branches: [
    {
      id: 'order',
      participant: 'order',
      payload: { customer: 'bob', sku: 'teapot', quantity: 1 },
    },
    {
      id: 'stock',
      participant: 'stock',
      payload: { sku: 'teapot', quantity: 1 },
      dependsOn: ['order'],
    },
    {
      id: 'payment',
      participant: 'payment',
      payload: { card: "bob's card", amount: 2_500 },
      dependsOn: ['order', 'stock'],
      pivot: true,
    },
    {
      id: 'shipping',
      participant: 'shipping',
      payload: { address: '1 Harbour Street' },
      dependsOn: ['stock', 'payment'],
    },
  ],
};
