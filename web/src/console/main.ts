/** The agent console's entry. */
import { Desk } from './desk';

const container = document.getElementById('console');
if (container) new Desk(container);
