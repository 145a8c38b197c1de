"""What pages ask about orders: `terminal` for one work center, `board` for all, `orders` for one order,
`pieces` for what was reported when."""
