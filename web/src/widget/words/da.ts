/** The panel's words in one language, loaded when they are needed. */
import { loader, widget } from '../../i18n/da';

window.Silta?.bring('da', { ...loader, ...widget });
