/** The panel's words in one language, loaded when they are needed. */
import { loader, widget } from '../../i18n/en';

window.Silta?.bring('en', { ...loader, ...widget });
