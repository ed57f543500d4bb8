/** The panel's words in one language, loaded when they are needed. */
import { loader, widget } from '../../i18n/fi';

window.Silta?.bring('fi', { ...loader, ...widget });
