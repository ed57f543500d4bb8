/** `npm run dev`: the built pages with the fake hub behind them. */
import { Hub } from './hub.mjs';

const hub = await new Hub().listen(Number(process.env.PORT ?? 0));
console.log(`shop     ${hub.origin}/?lang=fi\nconsole  ${hub.origin}/console   aino@havu.example  silta-demo`);
