// Parse KQL with Microsoft's own parser against the schema of DnsEvents; print its diagnostics as JSON.
// Schema: https://learn.microsoft.com/azure/azure-monitor/reference/tables/dnsevents
// Usage: NODE_PATH=<folder with node_modules> node check.js < rule.kql
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
const { GlobalState, KustoCode, Symbols } = Kusto.Language;

const DNS_EVENTS =
  "(TimeGenerated: datetime, Computer: string, EventId: int, SubType: string, ClientIP: string, Name: string, " +
  "QueryType: string, IPAddresses: string, Result: string, ResultCode: int, TaskCategory: string, Severity: int, " +
  "MaliciousIP: string, IndicatorThreatType: string, Confidence: string, SourceSystem: string, TenantId: string, Type: string)";

const table = new Symbols.TableSymbol.$ctor7("DnsEvents", DNS_EVENTS, null);
const database = new Symbols.DatabaseSymbol.ctor("Sentinel", [table]);
const globals = GlobalState.Default.WithDatabase(database);
const code = KustoCode.ParseAndAnalyze(require("fs").readFileSync(0, "utf8"), globals);
const found = [];
const diagnostics = code.GetDiagnostics();
for (let i = 0; i < diagnostics.Count; i++) {
  const { Severity, Message, Start } = diagnostics.getItem(i);
  found.push({ severity: Severity, message: Message, start: Start });
}
const columns = [];
const result = code.ResultType && code.ResultType.Columns; // none where the text does not parse
for (let i = 0; result && i < result.Count; i++) {
  const column = result.getItem(i);
  columns.push(`${column.Name}: ${column.Type.Name}`);
}
console.log(JSON.stringify({ diagnostics: found, columns }));
