/** What the page of webhooks asks. */
import { queryOptions } from "@tanstack/react-query";
import { listDeliveries, listWebhooks } from "../../api/webhooks";
import { every } from "../queries";

const LIST_MS = 5000;
export const MAX_DELIVERIES = 100;

export const webhooksQuery = queryOptions({
  queryKey: ["webhooks", "list"],
  queryFn: ({ signal }) => listWebhooks(signal),
  refetchInterval: every(LIST_MS),
});

export const deliveriesQuery = (id: string) =>
  queryOptions({
    queryKey: ["webhooks", "deliveries", id],
    queryFn: ({ signal }) => listDeliveries(id, MAX_DELIVERIES, signal),
    refetchInterval: every(LIST_MS),
  });
